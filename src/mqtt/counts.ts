import type { Topics } from './topics.ts';

/** Objects present now, by label, and by zone and label. */
export interface Counts {
  readonly byLabel: ReadonlyMap<string, number>;
  readonly byZone: ReadonlyMap<string, ReadonlyMap<string, number>>;
}

/** The retained topics of a camera's counts with their payloads. */
export function countTopics(
  topics: Topics,
  cameraId: string,
  counts: Counts,
): [topic: string, payload: string][] {
  const inPicture = [...counts.byLabel].map(([label, count]): [string, string] => [
    topics.count(cameraId, label),
    String(count),
  ]);
  const inZones = [...counts.byZone].flatMap(([zone, byLabel]) =>
    [...byLabel].map(([label, count]): [string, string] => [
      topics.zoneCount(cameraId, zone, label),
      String(count),
    ]),
  );
  return [...inPicture, ...inZones];
}
