import type { CameraConfig } from '../config/camera-schema.ts';
import type { Subject } from './subject.ts';

/** Objects present now, by label, and by zone and label. */
export interface PresenceCounts {
  readonly byLabel: ReadonlyMap<string, number>;
  readonly byZone: ReadonlyMap<string, ReadonlyMap<string, number>>;
}

/**
 * Counts present objects. A label that is configured, or was ever counted, stays in the counts with 0: whoever shows
 * them must learn that nobody is left.
 */
export class Presence {
  #zones: CameraConfig['zones'] = {};
  readonly #labels = new Set<string>();
  #counted: { objects: readonly Subject[]; zones: (readonly string[])[]; counts: PresenceCounts } | undefined;

  constructor(objects: CameraConfig['objects'], zones: CameraConfig['zones']) {
    this.apply(objects, zones);
  }

  /** Counts these from now on; labels that were counted stay in the counts. */
  apply(objects: CameraConfig['objects'], zones: CameraConfig['zones']): void {
    this.#zones = zones;
    this.#counted = undefined;
    for (const label of Object.keys(objects)) this.#labels.add(label);
    for (const zone of Object.values(zones)) {
      for (const label of zone.objects ?? []) {
        if (this.#labels.size === 0 || label in objects) this.#labels.add(label);
      }
    }
  }

  /** @param objects the same array as last time when they are the same objects; the counts are then too, unless zones changed */
  count(objects: readonly Subject[]): PresenceCounts {
    const known = this.#counted;
    if (known?.objects === objects && objects.every(({ zones }, i) => zones === known.zones[i])) {
      return known.counts;
    }
    const counts = this.#count(objects);
    this.#counted = { objects, zones: objects.map(({ zones }) => zones), counts };
    return counts;
  }

  #count(objects: readonly Subject[]): PresenceCounts {
    for (const { label } of objects) this.#labels.add(label);
    const byLabel = new Map([...this.#labels].map((label) => [label, 0]));
    const byZone = new Map<string, Map<string, number>>();
    for (const [name, zone] of Object.entries(this.#zones)) {
      const labels = [...this.#labels].filter((label) => zone.objects?.includes(label) ?? true);
      byZone.set(name, new Map(labels.map((label) => [label, 0])));
    }
    for (const object of objects) {
      byLabel.set(object.label, (byLabel.get(object.label) ?? 0) + 1);
      for (const zone of object.zones) {
        const counts = byZone.get(zone);
        counts?.set(object.label, (counts.get(object.label) ?? 0) + 1);
      }
    }
    return { byLabel, byZone };
  }
}

/** Whether two counts say the same. */
export function sameCounts(a: PresenceCounts, b: PresenceCounts): boolean {
  if (a === b) return true;
  if (!sameNumbers(a.byLabel, b.byLabel) || a.byZone.size !== b.byZone.size) return false;
  for (const [zone, labels] of a.byZone) {
    const others = b.byZone.get(zone);
    if (others === undefined || !sameNumbers(labels, others)) return false;
  }
  return true;
}

function sameNumbers(a: ReadonlyMap<string, number>, b: ReadonlyMap<string, number>): boolean {
  if (a.size !== b.size) return false;
  for (const [label, count] of a) if (b.get(label) !== count) return false;
  return true;
}
