/** Something that a part of the program has to get done again and again. */
export interface Duty {
  /** E.g. `camera front`. */
  readonly part: string;
  /** What should happen, for people: `a frame`. */
  readonly awaits: string;
  /** There is something to do. A part that has nothing to do is never stuck. */
  readonly isOwed: boolean;
  /** Counts what was done; any other number than before is progress. */
  readonly done: number;
  /** How long something may be owed without progress, ms. */
  readonly patienceMs: number;
}

/** A duty that was owed for longer than its patience. */
export interface StuckPart {
  readonly part: string;
  readonly awaits: string;
  /** For how long it has been owed without progress, ms. */
  readonly forMs: number;
}

interface Wait {
  readonly done: number;
  readonly forMs: number;
}

/**
 * Finds parts that should get on and do not: what feeds the watchdog. Pure; it is given the time and the duties at every look.
 *
 * Only time in which it looks counts, `maxStepMs` from one look to the next at most: after the whole process, or the machine,
 * stood still, every part gets the rest of its patience before it is called stuck.
 */
export class ProgressWatch {
  readonly #maxStepMs: number;
  #waits = new Map<string, Wait>();
  #lookedMonoMs: number | undefined;

  constructor(maxStepMs: number) {
    this.#maxStepMs = maxStepMs;
  }

  /** @returns what is stuck now, in the order of the duties */
  look(monoMs: number, duties: readonly Duty[]): StuckPart[] {
    const stepMs = Math.min(this.#maxStepMs, Math.max(0, monoMs - (this.#lookedMonoMs ?? monoMs)));
    this.#lookedMonoMs = monoMs;
    const waits = new Map<string, Wait>();
    const stuck: StuckPart[] = [];
    for (const { part, awaits, isOwed, done, patienceMs } of duties) {
      if (!isOwed) continue;
      const key = `${part}: ${awaits}`;
      const before = this.#waits.get(key);
      const forMs = before?.done === done ? before.forMs + stepMs : 0;
      waits.set(key, { done, forMs });
      if (forMs >= patienceMs) stuck.push({ part, awaits, forMs });
    }
    this.#waits = waits;
    return stuck;
  }
}
