import type { Clock } from '../../base/clock.ts';
import { messageOf } from '../../base/errors.ts';
import { PROVIDERS, type Provider } from '../../config/schema.ts';
import type { InferenceBackend, InferenceSession, ProviderRefusal, SessionOptions } from '../backend.ts';
import { assertReadableModel } from '../model-load-error.ts';
import { imageModelInputs } from '../model-shape.ts';
import { openOnFirstProvider, providerNames } from '../provider-choice.ts';
import { assertProviderRuns, PROOF_RUN_DEADLINE_MS, withProfile } from '../provider-proof.ts';
import type { OrtLibrary } from './library.ts';
import { addressOf, type Pointer } from './ort-api.ts';
import { OrtSession } from './session.ts';
import { type NativeOptions, withSessionOptions } from './session-options.ts';
import { check } from './status.ts';
import { readTensorInfos } from './tensor-info.ts';

/** ONNX Runtime through its C API, in this process, on libuv's threads. */
export class OrtCApiBackend implements InferenceBackend {
  readonly name = 'ort-c-api';
  readonly #library: OrtLibrary;
  readonly #clock: Clock;

  constructor(library: OrtLibrary, clock: Clock) {
    this.#library = library;
    this.#clock = clock;
  }

  get version(): string {
    return this.#library.version;
  }

  get providers(): readonly Provider[] {
    return PROVIDERS.filter((provider) => this.#library.providers.includes(providerNames[provider]));
  }

  async open(options: SessionOptions): Promise<InferenceSession> {
    await assertReadableModel(options.file);
    return openOnFirstProvider(options, (providers, refused) => this.#try(options, providers, refused));
  }

  /** Opens the model on the first of `providers`. @throws Error saying why that provider is not to be had */
  async #try(
    options: SessionOptions,
    providers: readonly Provider[],
    refused: readonly ProviderRefusal[],
  ): Promise<InferenceSession> {
    const provider = providers[0]!;
    if (!this.#library.providers.includes(providerNames[provider])) {
      throw new Error(`${this.#library.file} (ONNX Runtime ${this.version}) was built without ${provider}`);
    }
    return provider === 'cpu'
      ? this.#open(options, { providers }, provider, refused)
      : this.#openProven(options, providers, refused);
  }

  async #openProven(
    options: SessionOptions,
    providers: readonly Provider[],
    refused: readonly ProviderRefusal[],
  ): Promise<InferenceSession> {
    const provider = providers[0]!;
    return withProfile(async (profilePrefix, readProfile) => {
      // Later providers of the list may take the nodes that this one does not.
      const present = providers.filter((name) => this.#library.providers.includes(providerNames[name]));
      const session = await this.#open(options, { providers: present, profilePrefix }, provider, refused);
      try {
        await assertProviderRuns(provider, session, () => session.endProfiling(), readProfile);
        return session;
      } catch (error) {
        await session.close(PROOF_RUN_DEADLINE_MS);
        throw new Error(messageOf(error), { cause: error });
      }
    });
  }

  async #open(
    options: SessionOptions,
    native: NativeOptions,
    provider: Provider,
    refused: readonly ProviderRefusal[],
  ): Promise<OrtSession> {
    const { api } = this.#library;
    const handle = await withSessionOptions(api, options, native, (sessionOptions) =>
      this.#createSession(options.file, sessionOptions),
    );
    try {
      const { fixedInputs = [] } = options;
      const inputs = imageModelInputs(options.file, readTensorInfos(api, handle, 'Input'), fixedInputs);
      const outputs = readTensorInfos(api, handle, 'Output');
      return new OrtSession(
        api,
        this.#clock,
        { handle, inputs, fixedInputs, outputs, provider, refused },
        options.inputMemory,
      );
    } catch (error) {
      api.ReleaseSession(handle);
      throw error;
    }
  }

  /** Loads and optimises the graph on another thread: it takes from milliseconds to the minutes of an engine build. */
  async #createSession(file: string, sessionOptions: Pointer): Promise<Pointer> {
    const { api, env } = this.#library;
    const out = new BigUint64Array(1);
    const status = await new Promise<Pointer | null>((resolve, reject) => {
      api.CreateSession.async(env, file, sessionOptions, addressOf(out), (error, result) =>
        error ? reject(error) : resolve(result),
      );
    });
    check(api, status);
    return out[0]!;
  }
}
