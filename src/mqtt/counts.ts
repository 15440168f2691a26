import type { Topics } from './topics.ts';

/** Objects present now, by label, and by zone and label. */
export interface Counts {
  readonly byLabel: ReadonlyMap<string, number>;
  readonly byZone: ReadonlyMap<string, ReadonlyMap<string, number>>;
}

/** The retained topics of counts. */
export class CountTopics {
  readonly #topics: Topics;
  /** By camera: what was counted the last time. */
  readonly #counted = new Map<string, readonly string[]>();

  constructor(topics: Topics) {
    this.#topics = topics;
  }

  /** Topics with their payloads; empty for what is no longer counted, as when a zone was taken out. */
  of(cameraId: string, counts: Counts): (readonly [topic: string, payload: string])[] {
    const current = [
      ...[...counts.byLabel].map(([label, count]) => [this.#topics.count(cameraId, label), count] as const),
      ...[...counts.byZone].flatMap(([zone, byLabel]) =>
        [...byLabel].map(([label, count]) => [this.#topics.zoneCount(cameraId, zone, label), count] as const),
      ),
    ];
    const topics = current.map(([topic]) => topic);
    const gone = (this.#counted.get(cameraId) ?? []).filter((topic) => !topics.includes(topic));
    this.#counted.set(cameraId, topics);
    return [
      ...current.map(([topic, count]) => [topic, String(count)] as const),
      ...gone.map((topic) => [topic, ''] as const),
    ];
  }
}
