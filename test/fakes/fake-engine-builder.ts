import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../src/base/clock.ts';
import type { BuildJob, EngineBuilder } from '../../src/infer/engines/engine-builder.ts';

/** What becomes of one build. `half`: it is cut short by its end after the engine's first bytes. */
export type BuildFate = 'built' | 'throws' | 'leaves nothing' | 'half';

/** Has engines "built" for minutes of a fake clock, with the fates that a test hands out; the last one stays. */
export class FakeEngineBuilder implements EngineBuilder {
  readonly jobs: BuildJob[] = [];
  running = 0;
  readonly #clock: Clock;
  readonly #tookMs: number;
  readonly #fates: BuildFate[];

  constructor(clock: Clock, tookMs: number, fates: readonly BuildFate[] = ['built']) {
    this.#clock = clock;
    this.#tookMs = tookMs;
    this.#fates = [...fates];
  }

  async build(job: BuildJob, signal: AbortSignal): Promise<void> {
    this.jobs.push(job);
    const fate = this.#fates.length > 1 ? this.#fates.shift() : this.#fates[0];
    const folder = job.providerOptions.tensorrt?.trt_engine_cache_path ?? '';
    this.running += 1;
    try {
      await writeFile(join(folder, 'graph_0_sm87.engine'), 'half of');
      await this.#clock.sleep(this.#tookMs, signal);
      if (fate === 'throws') throw new Error('out of memory');
      if (fate === 'half') throw new Error('the process that builds it ended with SIGSEGV');
      if (fate === 'leaves nothing') await writeFile(join(folder, 'graph_0_sm87.engine'), '');
      else
        await writeFile(
          join(folder, 'graph_0_sm87.engine'),
          `engine of ${job.file}, build ${this.jobs.length}`,
        );
      await writeFile(join(folder, 'graph_0_sm87.profile'), 'shapes');
    } finally {
      this.running -= 1;
    }
  }
}
