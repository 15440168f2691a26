import type { RetainedTopic } from '../topics.ts';

type CountTopic = Extract<RetainedTopic, { kind: 'count' | 'zone-count' }>;

/** Counts as Frigate has them: by camera, and by zone over all cameras, with `all` for the sum of a place. */
export class FrigateCounts {
  /** Counts by place (camera or zone), then by camera and label. */
  readonly #places = new Map<string, Map<string, { label: string; count: number }>>();

  /**
   * Takes a count.
   *
   * @param payload as it was published; empty: there is no such count any more
   * @returns topics below the prefix with their payloads
   */
  take(topic: CountTopic, payload: string): [topic: string, payload: string][] {
    const { cameraId, label } = topic;
    const place = topic.kind === 'count' ? cameraId : topic.zone;
    const counts = this.#places.get(place) ?? new Map<string, { label: string; count: number }>();
    this.#places.set(place, counts);
    const key = `${cameraId}/${label}`;
    if (payload === '') counts.delete(key);
    else counts.set(key, { label, count: Number(payload) });
    const ofLabel = [...counts.values()].filter((entry) => entry.label === label);
    return [
      [`${place}/${label}`, sum(ofLabel)],
      [`${place}/all`, sum([...counts.values()])],
    ];
  }
}

/** Nothing to count is no count: the topic is cleared. */
function sum(entries: readonly { count: number }[]): string {
  return entries.length === 0 ? '' : String(entries.reduce((total, { count }) => total + count, 0));
}
