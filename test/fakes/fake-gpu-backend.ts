import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../../src/base/clock.ts';
import type { Provider } from '../../src/config/schema.ts';
import type {
  InferenceBackend,
  InferenceSession,
  ProviderRefusal,
  SessionOptions,
  Tensor,
} from '../../src/infer/backend.ts';

/**
 * An ONNX Runtime with CUDA and TensorRT as they behave towards us: TensorRT loads whatever engine lies in its cache folder and
 * refuses what is none. Its sessions take `runMs` of the clock and give no detection.
 */
export class FakeGpuBackend implements InferenceBackend {
  readonly name = 'ort-c-api';
  readonly version = '1.23.0';
  readonly providers = ['tensorrt', 'cuda', 'cpu'] as const;
  readonly opened: FakeSession[] = [];
  /** Runs by the provider that they were on. */
  readonly runs: Record<Provider, number> = { tensorrt: 0, cuda: 0, cpu: 0 };
  runMs = 10;
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Sessions that are not closed. */
  get openSessions(): number {
    return this.opened.filter(({ closed }) => !closed).length;
  }

  async open(options: SessionOptions): Promise<InferenceSession> {
    const refused: ProviderRefusal[] = [];
    for (const provider of options.providers) {
      const reason = provider === 'tensorrt' ? engineFault(options) : undefined;
      if (reason !== undefined) {
        refused.push({ provider, reason });
        continue;
      }
      const session = new FakeSession(provider, refused, () => this.#run(provider));
      this.opened.push(session);
      return session;
    }
    throw new Error(refused.map(({ reason }) => reason).join('; '));
  }

  async #run(provider: Provider): Promise<void> {
    await this.#clock.sleep(this.runMs);
    this.runs[provider] += 1;
  }
}

class FakeSession implements InferenceSession {
  readonly inputs = [{ name: 'images', type: 'float32', dims: [1, 3, 64, 64] }] as const;
  readonly outputs = [{ name: 'output0', type: 'float32', dims: [1, 5, 84] }] as const;
  readonly provider: Provider;
  readonly refused: readonly ProviderRefusal[];
  readonly #run: () => Promise<void>;
  readonly #input = new Float32Array(3 * 64 * 64);
  readonly #output: Tensor = { dims: [1, 5, 84], data: new Float32Array(5 * 84).fill(0.001) };
  running = 0;
  closed = false;

  constructor(provider: Provider, refused: readonly ProviderRefusal[], run: () => Promise<void>) {
    this.provider = provider;
    this.refused = refused;
    this.#run = run;
  }

  input(): Float32Array {
    return this.#input;
  }

  async run(): Promise<readonly Tensor[]> {
    if (this.closed) throw new Error('a run on a session that is closed');
    this.running += 1;
    await this.#run();
    this.running -= 1;
    // What a real one would read is gone by then.
    if (this.closed) throw new Error('closed in the middle of a run');
    return [this.#output];
  }

  async close(): Promise<void> {
    this.closed = true;
  }
}

function engineFault({ providerOptions }: SessionOptions): string | undefined {
  const folder = providerOptions.tensorrt?.trt_engine_cache_path;
  if (folder === undefined) return 'it would build an engine now';
  const engine = readdirSync(folder).find((name) => name.endsWith('.engine'));
  if (engine === undefined) return 'it would build an engine now';
  const text = readFileSync(join(folder, engine), 'utf8');
  return text.startsWith('engine of') ? undefined : 'could not deserialize the engine';
}
