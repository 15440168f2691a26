import { InferenceSession, listSupportedBackends, Tensor as OrtTensor } from 'onnxruntime-node';
import { messageOf } from '../../base/errors.ts';
import { float16ToFloat32 } from '../../base/float16.ts';
import type { Provider } from '../../config/schema.ts';
import {
  type InputArray,
  inputArray,
  type ProviderRefusal,
  type SessionOptions,
  type Tensor,
  type TensorInfo,
} from '../backend.ts';
import { imageModelInputs, TENSOR_TYPES, unsupportedTensor } from '../model-shape.ts';
import { openOnFirstProvider } from '../provider-choice.ts';
import { assertProviderRuns, withProfile } from '../provider-proof.ts';

/** A session of onnxruntime-node, which blocks the thread that it lives on: a worker's. */
export class NodeSession {
  readonly inputs: readonly TensorInfo[];
  readonly outputs: readonly TensorInfo[];
  readonly provider: Provider;
  readonly refused: readonly ProviderRefusal[];
  readonly #session: InferenceSession;
  /** The inputs that are the same in every run. */
  readonly #fixed: Readonly<Record<string, OrtTensor>>;
  #input: InputArray = new Float32Array(0);

  private constructor(
    session: InferenceSession,
    provider: Provider,
    refused: readonly ProviderRefusal[],
    { file, fixedInputs = [] }: SessionOptions,
  ) {
    this.#session = session;
    this.provider = provider;
    this.refused = refused;
    const inputs = session.inputMetadata.map((metadata) => tensorInfo('input', metadata));
    this.inputs = imageModelInputs(file, inputs, fixedInputs);
    this.outputs = session.outputMetadata.map((metadata) => tensorInfo('output', metadata));
    this.#fixed = Object.fromEntries(
      fixedInputs.map(({ name, type, dims, values }) => [
        name,
        new OrtTensor(type, BigInt64Array.from(values, BigInt), dims),
      ]),
    );
  }

  static open(options: SessionOptions): Promise<NodeSession> {
    return openOnFirstProvider(options, (providers, refused) => {
      const provider = providers[0]!;
      if (provider === 'cpu') return NodeSession.#create(options, providers, refused);
      assertAvailable(provider, options);
      return withProfile(async (profilePrefix, readProfile) => {
        const session = await NodeSession.#create(options, providers, refused, profilePrefix);
        try {
          await assertProviderRuns(provider, session, () => session.#session.endProfiling(), readProfile);
          return session;
        } catch (error) {
          await session.close();
          throw new Error(messageOf(error), { cause: error });
        }
      });
    });
  }

  static async #create(
    options: SessionOptions,
    providers: readonly Provider[],
    refused: readonly ProviderRefusal[],
    profilePrefix?: string,
  ): Promise<NodeSession> {
    const session = await InferenceSession.create(options.file, {
      executionProviders: providers.map((name) => ({
        name,
        ...(name === 'cpu' ? {} : { deviceId: Number(options.providerOptions[name]?.device_id ?? 0) }),
      })),
      intraOpNumThreads: options.threads,
      interOpNumThreads: 1,
      graphOptimizationLevel: 'all',
      // Every error is thrown; nothing but what is fatal needs to go to stderr.
      logSeverityLevel: 4,
      ...(profilePrefix === undefined ? {} : { enableProfiling: true, profileFilePrefix: profilePrefix }),
      extra: nested({
        'session.intra_op.allow_spinning': '0',
        ...(providers.includes('cpu') ? {} : { 'session.disable_cpu_ep_fallback': '1' }),
        ...options.providerOptions.cpu,
      }),
    });
    try {
      return new NodeSession(session, providers[0]!, refused, options);
    } catch (error) {
      await session.release();
      throw error;
    }
  }

  input(length: number): InputArray {
    if (this.#input.length !== length) this.#input = inputArray(this.inputs[0]!.type, length);
    return this.#input;
  }

  async run(dims: readonly number[]): Promise<readonly Tensor[]> {
    const { name: picture, type } = this.inputs[0]!;
    const feeds = { ...this.#fixed, [picture]: new OrtTensor(type, this.#input, dims) };
    const results = await this.#session.run(feeds);
    return this.outputs.map(({ name }) => {
      const { dims: shape, data } = results[name]!;
      if (data instanceof Uint16Array) return { dims: shape, data: float16ToFloat32(data) };
      return { dims: shape, data: data as Tensor['data'] };
    });
  }

  close(): Promise<void> {
    return this.#session.release();
  }
}

/** @throws Error when this build of onnxruntime-node has no such provider, or would drop options that were given for it */
function assertAvailable(provider: Provider, options: SessionOptions): void {
  const built = listSupportedBackends().map(({ name }) => name);
  // Where a provider was left out of the build, as CUDA is on arm64, onnxruntime-node drops the request and uses the CPU.
  if (!built.includes(provider)) {
    throw new Error(`onnxruntime-node for ${process.platform}-${process.arch} was built without ${provider}`);
  }
  const dropped = Object.keys(options.providerOptions[provider] ?? {}).filter((key) => key !== 'device_id');
  if (dropped.length > 0) {
    throw new Error(
      `onnxruntime-node passes no option but device_id to ${provider} (given: ${dropped.join(', ')}); use the backend ort-c-api`,
    );
  }
}

function tensorInfo(side: string, metadata: InferenceSession.ValueMetadata): TensorInfo {
  const type = metadata.isTensor ? TENSOR_TYPES.find((name) => name === metadata.type) : undefined;
  if (!metadata.isTensor || type === undefined) throw unsupportedTensor(side, metadata.name);
  return {
    name: metadata.name,
    type,
    dims: metadata.shape.map((dim) => (typeof dim === 'number' ? dim : null)),
  };
}

/** `{ 'a.b': '1' }` -> `{ a: { b: '1' } }`, as onnxruntime-node wants session configuration entries. */
function nested(entries: Readonly<Record<string, string>>): Record<string, unknown> {
  const root: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(entries)) {
    const path = key.split('.');
    const leaf = path.pop()!;
    let node = root;
    for (const part of path) {
      node[part] ??= {};
      node = node[part] as Record<string, unknown>;
    }
    node[leaf] = value;
  }
  return root;
}
