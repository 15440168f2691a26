import type { Clock } from '../base/clock.ts';
import { explain, OcellusError } from '../base/errors.ts';
import type { Logger } from '../base/log.ts';
import type { Service } from '../base/service.ts';
import { Turns } from '../base/turns.ts';
import type { ConfigOrigin, LoadedConfig } from '../config/load.ts';
import type { InForce } from './in-force.ts';
import { planReload } from './reload-plan.ts';
import type { ReloadFailure, ReloadReport } from './reload-report.ts';
import type { ReloadSteps } from './reload-steps.ts';

export interface ReloaderParts {
  readonly inForce: InForce;
  readonly origin: ConfigOrigin | undefined;
  readonly steps: Pick<ReloadSteps, 'prepare' | 'commit'>;
  /** Hears of every report. */
  readonly reported: () => void;
  readonly clock: Clock;
  readonly log: Logger;
}

/** The one way by which another configuration comes into force while the daemon runs. One at a time, the newest file last. */
export class Reloader implements Service {
  readonly name = 'reloader';
  readonly #parts: ReloaderParts;
  readonly #turns = new Turns();
  readonly #stop = new AbortController();
  #open: () => void = () => {};
  #waiting: Promise<ReloadReport> | undefined;
  #last: ReloadReport | null = null;

  constructor(parts: ReloaderParts) {
    this.#parts = parts;
    // What is asked for before the daemon runs is done once it does, or is told that it never will.
    const running = new Promise<void>((resolve) => {
      this.#open = resolve;
    });
    void this.#turns.run(() => running);
  }

  /** What came of the last one; null before the first. */
  get last(): ReloadReport | null {
    return this.#last;
  }

  async start(): Promise<void> {
    this.#open();
  }

  /** Breaks off what goes on after its next step, and refuses what waits. */
  async close(): Promise<void> {
    this.#stop.abort();
    this.#open();
    await this.#turns.run(async () => {});
  }

  /** Puts into force what the file says when its turn comes; who asks meanwhile gets the same report. Never rejects. */
  reload(): Promise<ReloadReport> {
    this.#waiting ??= this.#turns.run(() => {
      this.#waiting = undefined;
      return this.#inTurn(() => this.#read());
    });
    return this.#waiting;
  }

  /** Puts a configuration into force that has been checked, and is what the file says. Never rejects. */
  takeOver(wanted: LoadedConfig): Promise<ReloadReport> {
    return this.#turns.run(() => this.#inTurn(() => wanted));
  }

  async #inTurn(wanted: () => LoadedConfig): Promise<ReloadReport> {
    const report = await this.#reload(wanted);
    this.#last = report;
    this.#tell(report);
    this.#parts.reported();
    return report;
  }

  async #reload(wantedNow: () => LoadedConfig): Promise<ReloadReport> {
    const { inForce, steps } = this.#parts;
    const { signal } = this.#stop;
    let changed: readonly string[] = [];
    try {
      if (signal.aborted) throw new OcellusError('data_invalid', 'the daemon stops');
      const wanted = wantedNow();
      const plan = planReload(inForce, wanted);
      changed = plan.changed;
      const prepared = await steps.prepare(plan, wanted, signal);
      const failures = await steps.commit(plan, wanted, prepared, signal);
      const outcome = failures.length > 0 ? 'partly' : changed.length === 0 ? 'unchanged' : 'applied';
      return this.#report(outcome, changed, plan.restartNeeded, failures);
    } catch (error) {
      return this.#report('refused', changed, [], failuresOf(error));
    }
  }

  #read(): LoadedConfig {
    const { origin } = this.#parts;
    if (origin !== undefined) return origin.load();
    throw new OcellusError('data_invalid', 'the configuration did not come from a file', {
      hint: 'start with `ocellus run -c FILE`',
    });
  }

  #report(
    outcome: ReloadReport['outcome'],
    changed: readonly string[],
    restartNeeded: readonly string[],
    failures: readonly ReloadFailure[],
  ): ReloadReport {
    return { atMs: Math.round(this.#parts.clock.wallMs()), outcome, changed, restartNeeded, failures };
  }

  #tell({ outcome, changed, restartNeeded, failures }: ReloadReport): void {
    const { log } = this.#parts;
    const fields = {
      outcome,
      changed,
      ...(restartNeeded.length > 0 && { restartNeeded }),
      ...(failures.length > 0 && { failures }),
    };
    if (outcome === 'refused') log.error(fields, 'the configuration was not taken over: nothing changed');
    else if (outcome === 'partly') log.error(fields, 'the configuration was taken over in part');
    else log.info(fields, 'the configuration was taken over');
  }
}

function failuresOf(error: unknown): ReloadFailure[] {
  if (error instanceof OcellusError && error.issues.length > 0) {
    return error.issues.map(({ path, line, message }) => ({
      part: path,
      message: `line ${line}: ${message}`,
    }));
  }
  return [{ part: 'configuration', message: explain(error) }];
}
