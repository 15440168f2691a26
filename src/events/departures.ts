import { continuationCost, isLeaving, walksApart } from './continuity.ts';
import type { Sighting } from './sighting.ts';
import type { Subject } from './subject.ts';

/** An object that is walking out of the picture ends when unseen for so long; others have `lostMs` to come back. */
const EXIT_HOLD_MS = 600;
/** And it must be missing in this many frames, or one miss at 1 fps would end it. */
const EXIT_MISSES = 2;

/** For how long an object may be unseen before it ends. */
export function patienceMs({ last, unseenUpdates }: Subject, monoMs: number, lostMs: number): number {
  const leaving = unseenUpdates >= EXIT_MISSES && isLeaving(last, monoMs);
  return leaving ? Math.min(EXIT_HOLD_MS, lostMs) : lostMs;
}

/** Objects that ended a moment ago: what shows up where one of them was is mostly the last of it. */
export class Departures {
  readonly #keepMs: number;
  #departed: { readonly label: string; readonly last: Sighting }[] = [];

  /** @param keepMs for how long a departure counts */
  constructor(keepMs: number) {
    this.#keepMs = keepMs;
  }

  add({ label, last }: Subject): void {
    this.#departed.push({ label, last });
  }

  clear(): void {
    this.#departed = [];
  }

  /** Time went by. */
  pass(monoMs: number): void {
    this.#departed = this.#departed.filter(({ last }) => monoMs - last.monoMs <= this.#keepMs);
  }

  /** Whether a candidate began where an object of its label could have got to, and does not come the other way. */
  explains({ label, first, last }: Subject): boolean {
    return this.#departed.some(
      (object) =>
        object.label === label &&
        continuationCost(object.last, first.boxPx, first.monoMs) !== undefined &&
        !walksApart(object.last, last),
    );
  }
}
