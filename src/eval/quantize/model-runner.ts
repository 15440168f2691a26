import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { InferenceBackend, InferenceSession, InputArray, Tensor } from '../../infer/backend.ts';
import { thisCpuSaturates } from '../../infer/cpu-features.ts';
import { type OnnxModel, writeOnnxModel } from '../../models/graph/model-io.ts';

const RUN_DEADLINE_MS = 120_000;
const CLOSE_DEADLINE_MS = 10_000;

/** A folder for models that are made to be tried; it goes with `close`. */
export class Workshop {
  readonly #backend: InferenceBackend;
  readonly #folder = mkdtempSync(join(tmpdir(), 'ocellus-quantize-'));
  #count = 0;

  constructor(backend: InferenceBackend) {
    this.#backend = backend;
  }

  /** A path in the folder that nothing has yet. */
  freshPath(stem: string): string {
    this.#count += 1;
    return join(this.#folder, `${stem}-${this.#count}.onnx`);
  }

  /** Writes a model, opens it on one thread of the CPU, hands it to `use`, and removes it. */
  async using<T>(model: OnnxModel, use: (runner: ModelRunner) => Promise<T>): Promise<T> {
    const file = this.freshPath('tried');
    writeOnnxModel(model, file);
    try {
      return await this.usingFile(file, use);
    } finally {
      rmSync(file, { force: true });
    }
  }

  /** As `using`, for a file. */
  async usingFile<T>(file: string, use: (runner: ModelRunner) => Promise<T>): Promise<T> {
    const session = await this.#backend.open({
      file,
      providers: ['cpu'],
      providerOptions: { cpu: thisCpuSaturates() ? { 'session.x64quantprecision': '1' } : {} },
      threads: 1,
    });
    try {
      return await use(new ModelRunner(session));
    } finally {
      await session.close(CLOSE_DEADLINE_MS);
    }
  }

  close(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** One loaded model that is fed with input tensors. */
export class ModelRunner {
  readonly #session: InferenceSession;

  constructor(session: InferenceSession) {
    this.#session = session;
  }

  /** @returns the outputs, valid until the next run */
  run(input: InputArray, dims: readonly number[]): Promise<readonly Tensor[]> {
    this.#session.input(input.length).set(input);
    return this.#session.run(dims, RUN_DEADLINE_MS);
  }

  /** CPU time that one run takes, ms, while nothing else runs in this process. */
  async cpuMsOfRun(input: InputArray, dims: readonly number[]): Promise<number> {
    this.#session.input(input.length).set(input);
    const before = process.cpuUsage();
    await this.#session.run(dims, RUN_DEADLINE_MS);
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1000;
  }

  get outputNames(): readonly string[] {
    return this.#session.outputs.map(({ name }) => name);
  }
}
