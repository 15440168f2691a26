import { execFile } from 'node:child_process';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { RecentSamples } from '../base/counters.ts';
import type { InferenceBackend, InferenceSession } from '../infer/backend.ts';
import { createBackend } from '../infer/backends.ts';

// Both ways to ONNX Runtime side by side, in turns, so that whatever else the machine does disturbs both alike.
// Run: node dist/bench/backend-comparison.js MODEL [ROUNDS]

export const BACKENDS = ['ort-c-api', 'onnxruntime-node'] as const;
export type BackendName = InferenceBackend['name'];

const RUNS_PER_ROUND = 10;
const PACED_FPS = 10;
const DEADLINE_MS = 60_000;

export interface BackendMeasurement {
  readonly latencyMs: { readonly p50: number; readonly p95: number };
  /** CPU time of the whole process per run, back to back. */
  readonly cpuMsPerRun: number;
  /** Delay of the main thread's event loop beyond its 1 ms sampling, at 10 frames a second: the median turn's p99. */
  readonly stallMs: { readonly p99: number; readonly max: number };
  /** `close` called 5 ms into a run until it settled. */
  readonly closeDuringRunMs: { readonly p50: number; readonly max: number };
  /** Of a process that does nothing else: after 30 runs, and what it was before the backend was loaded. */
  readonly rssMiB: number;
  readonly rssBeforeMiB: number;
}

/** @param model ONNX file with one input of static shape; @param rounds turns of each backend */
export async function compareBackends(
  model: string,
  rounds: number,
): Promise<Record<BackendName, BackendMeasurement>> {
  const subjects = await Promise.all(BACKENDS.map((name) => Subject.open(name, model)));
  for (let round = 0; round < rounds; round++) {
    for (const subject of subjects) await subject.backToBack();
    for (const subject of subjects) await subject.paced();
    for (const subject of subjects) await subject.closeDuringRun();
  }
  const measured: Partial<Record<BackendName, BackendMeasurement>> = {};
  for (const subject of subjects) measured[subject.name] = await subject.finish();
  return measured as Record<BackendName, BackendMeasurement>;
}

class Subject {
  readonly name: BackendName;
  readonly #model: string;
  readonly #backend: InferenceBackend;
  readonly #latencyMs = new RecentSamples(100_000);
  readonly #closeMs = new RecentSamples(1_000);
  readonly #stallP99Ms = new RecentSamples(1_000);
  readonly #stallMaxMs = new RecentSamples(1_000);
  #session: InferenceSession;
  #cpuMs = 0;

  private constructor(backend: InferenceBackend, session: InferenceSession, model: string) {
    this.name = backend.name;
    this.#backend = backend;
    this.#session = session;
    this.#model = model;
  }

  static async open(name: BackendName, model: string): Promise<Subject> {
    const backend = await createBackend({ backend: name });
    const subject = new Subject(backend, await openModel(backend, model), model);
    for (let i = 0; i < RUNS_PER_ROUND; i++) await runOnce(subject.#session);
    return subject;
  }

  async backToBack(): Promise<void> {
    const cpuBefore = process.cpuUsage();
    for (let i = 0; i < RUNS_PER_ROUND; i++) {
      const startMs = performance.now();
      await runOnce(this.#session);
      this.#latencyMs.add(performance.now() - startMs);
    }
    const { user, system } = process.cpuUsage(cpuBefore);
    this.#cpuMs += (user + system) / 1_000;
  }

  async paced(): Promise<void> {
    // One monitor a turn: one that is paused takes the pause for a stall.
    const delay = monitorEventLoopDelay({ resolution: 1 });
    delay.enable();
    for (let i = 0; i < PACED_FPS; i++) {
      const startMs = performance.now();
      await runOnce(this.#session);
      await sleep(Math.max(0, 1_000 / PACED_FPS - (performance.now() - startMs)));
    }
    delay.disable();
    this.#stallP99Ms.add(delay.percentile(99) / 1e6 - 1);
    this.#stallMaxMs.add(delay.max / 1e6 - 1);
  }

  async closeDuringRun(): Promise<void> {
    // The run is rejected by the close; that is what is measured.
    const run = runOnce(this.#session).catch(() => undefined);
    await sleep(5);
    const startMs = performance.now();
    await this.#session.close(DEADLINE_MS);
    this.#closeMs.add(performance.now() - startMs);
    await run;
    this.#session = await openModel(this.#backend, this.#model);
    await runOnce(this.#session);
  }

  async finish(): Promise<BackendMeasurement> {
    await this.#session.close(DEADLINE_MS);
    const file = fileURLToPath(import.meta.url);
    const { stdout } = await promisify(execFile)(process.execPath, [file, '--rss', this.name, this.#model]);
    const [rssBeforeMiB = Number.NaN, rssMiB = Number.NaN] = stdout.split(' ').map(Number);
    return {
      latencyMs: { p50: this.#latencyMs.quantile(0.5), p95: this.#latencyMs.quantile(0.95) },
      cpuMsPerRun: this.#cpuMs / this.#latencyMs.size,
      stallMs: { p99: this.#stallP99Ms.quantile(0.5), max: this.#stallMaxMs.quantile(1) },
      closeDuringRunMs: { p50: this.#closeMs.quantile(0.5), max: this.#closeMs.quantile(1) },
      rssMiB,
      rssBeforeMiB,
    };
  }
}

function openModel(backend: InferenceBackend, file: string): Promise<InferenceSession> {
  return backend.open({ file, providers: ['cpu'], providerOptions: {}, threads: 1 });
}

async function runOnce(session: InferenceSession): Promise<void> {
  const dims = session.inputs[0]!.dims.map((dim) => dim ?? 1);
  const input = session.input(dims.reduce((product, dim) => product * dim, 1));
  for (let i = 0; i < input.length; i++) input[i] = i & 255;
  await session.run(dims, DEADLINE_MS);
}

async function rssOf(name: BackendName, model: string): Promise<string> {
  const before = process.memoryUsage.rss();
  const session = await openModel(await createBackend({ backend: name }), model);
  for (let i = 0; i < 30; i++) await runOnce(session);
  const after = process.memoryUsage.rss();
  await session.close(DEADLINE_MS);
  return [before, after].map((bytes) => (bytes / 2 ** 20).toFixed(1)).join(' ');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [first, second, third] = process.argv.slice(2);
  const output =
    first === '--rss'
      ? await rssOf(second as BackendName, third!)
      : JSON.stringify(await compareBackends(first!, Number(second ?? 10)), null, 2);
  process.stdout.write(`${output}\n`);
}
