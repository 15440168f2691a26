import type { Changed, Happenings, Subject } from './subject.ts';

/** A candidate that comes and goes so often and is still not believed is looked at anew. */
const MOST = 64;

/** What candidates did in zones and on lines, told if they turn out to be objects. */
export class Untold {
  readonly #happenings = new Map<Subject, Happenings[]>();

  keep(subject: Subject, happenings: Happenings): void {
    if (happenings.zones.length + happenings.lines.length === 0) return;
    this.#happenings.set(subject, [...(this.#happenings.get(subject) ?? []), happenings]);
  }

  hasTooMany(subject: Subject): boolean {
    return (this.#happenings.get(subject)?.length ?? 0) > MOST;
  }

  /** What is to be told now. */
  take(subject: Subject): readonly Happenings[] {
    const happenings = this.#happenings.get(subject) ?? [];
    this.#happenings.delete(subject);
    return happenings;
  }

  forget(subject: Subject): void {
    this.#happenings.delete(subject);
  }

  /** These zones and lines are no longer what they were. */
  forgetPlaces(subject: Subject, changed: Changed): void {
    const kept = this.take(subject).map(({ sighting, zones, lines }) => ({
      sighting,
      zones: zones.filter(({ zone }) => !changed.zones.includes(zone)),
      lines: lines.filter(({ line }) => !changed.lines.includes(line)),
    }));
    for (const happenings of kept) this.keep(subject, happenings);
  }
}
