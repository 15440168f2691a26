import type { DomainEvent } from '../flow/domain-event.ts';
import type { EventRow, LiveChange } from './messages.ts';

/** An event as it is stored. */
export function toRow(event: DomainEvent): EventRow {
  const { seq, eventId, atMs, cameraId, type } = event;
  return { seq, eventId, atMs, cameraId, type, json: JSON.stringify(event), change: changeOf(event) };
}

function changeOf(event: DomainEvent): LiveChange | null {
  if ('objectId' in event) {
    return { kind: 'object', objectId: event.objectId, ended: event.type === 'object.ended' };
  }
  if ('rule' in event) {
    const { zone, rule, type } = event;
    return { kind: 'occupancy', zone, rule, cleared: type === 'zone.cleared' };
  }
  return null;
}
