import type { DomainEvent, EventDraft } from '../flow/domain-event.ts';

/** The last event of an object that had started and not ended when the daemon died. */
export type StoredObject = Extract<DomainEvent, { objectId: string }>;
/** The event that told that a zone is too full. */
export type StoredOccupancy = Extract<DomainEvent, { type: 'zone.occupied' | 'zone.cleared' }>;

/** @param json as this program stored it */
export const asObject = (json: string): StoredObject => JSON.parse(json) as StoredObject;
export const asOccupancy = (json: string): StoredOccupancy => JSON.parse(json) as StoredOccupancy;

/** What ends everything that a run left open. */
export function orphanEnds(
  objects: readonly StoredObject[],
  occupancies: readonly StoredOccupancy[],
): EventDraft[] {
  return [...objects.flatMap(objectOrphaned), ...occupancies.map(occupancyOrphaned)];
}

/** `zone.left` for every zone that held it, then `object.ended`: at the time of the last frame that an event told of. */
function objectOrphaned(last: StoredObject): EventDraft[] {
  const fields = {
    cameraId: last.cameraId,
    atMs: last.timings.captureAtMs,
    timings: last.timings,
    severity: last.severity,
    objectId: last.objectId,
    label: last.label,
    score: last.score,
    topScore: last.topScore,
    boxNorm: last.boxNorm,
    velocityNorm: last.velocityNorm,
    zones: last.zones,
    stationary: last.stationary,
    startedAtMs: last.startedAtMs,
    speedMPerS: last.speedMPerS,
    attributes: last.attributes,
    snapshot: last.snapshot,
    clip: last.clip,
  };
  const left = last.zones.map((zone): EventDraft => ({ type: 'zone.left', ...fields, zone }));
  return [...left, { type: 'object.ended', ...fields, cause: 'restarted' }];
}

/** A zone that was too full and that nobody watched since is told to be free: what comes now is counted anew. */
function occupancyOrphaned(last: StoredOccupancy): EventDraft {
  const { cameraId, atMs, timings, severity, zone, rule, moreThan } = last;
  return {
    type: 'zone.cleared',
    cameraId,
    atMs,
    timings,
    severity,
    zone,
    rule,
    count: 0,
    moreThan,
    sinceMs: atMs,
  };
}
