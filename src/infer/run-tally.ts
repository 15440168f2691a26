import type { OcellusError } from '../base/errors.ts';

export interface RunCounts {
  /** Runs that ended, whichever way. */
  readonly returned: number;
  readonly results: number;
  /** Runs that failed since the last result. */
  readonly failedInARow: number;
  /** Runs that ended by their timeout since one ended otherwise. */
  readonly timedOutInARow: number;
}

/** How the runs of a model ended. */
export class RunTally {
  #returned = 0;
  #results = 0;
  #failedInARow = 0;
  #timedOutInARow = 0;

  get counts(): RunCounts {
    return {
      returned: this.#returned,
      results: this.#results,
      failedInARow: this.#failedInARow,
      timedOutInARow: this.#timedOutInARow,
    };
  }

  gaveResult(): void {
    this.#returned += 1;
    this.#results += 1;
    this.#failedInARow = 0;
    this.#timedOutInARow = 0;
  }

  failed({ code }: OcellusError): void {
    this.#returned += 1;
    this.#failedInARow += 1;
    this.#timedOutInARow = code === 'inference_timeout' ? this.#timedOutInARow + 1 : 0;
  }
}
