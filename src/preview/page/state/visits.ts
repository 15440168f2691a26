import type { DomainEvent } from '../../../flow/domain-event.ts';
import { zonesOf } from './event-filter.ts';

export type ObjectEvent = Extract<DomainEvent, { objectId: string }>;
type OtherEvent = Exclude<DomainEvent, { objectId: string }>;

/** One object and what it did, or something that no single object did. */
export type TimelineEntry =
  | { readonly kind: 'visit'; readonly key: string; readonly visit: Visit }
  | { readonly kind: 'other'; readonly key: string; readonly event: OtherEvent };

export interface Visit {
  readonly objectId: string;
  readonly cameraId: string;
  readonly label: string;
  readonly topScore: number;
  readonly startedAtMs: number;
  /** Null while the object is there. */
  readonly endedAtMs: number | null;
  readonly severity: DomainEvent['severity'];
  readonly zones: readonly string[];
  readonly lines: readonly string[];
  readonly attributes: readonly (readonly [name: string, value: string])[];
  /** The event whose picture shows it best, as far as is known. */
  readonly pictureEventId: string | null;
  readonly clipEventId: string | null;
  /** Newest first. */
  readonly events: readonly ObjectEvent[];
}

/**
 * Joins the events of an object into one entry, at the place of its newest event.
 *
 * @param events newest first
 */
export function timelineOf(events: readonly DomainEvent[]): TimelineEntry[] {
  const byObject = new Map<string, ObjectEvent[]>();
  const order: (OtherEvent | ObjectEvent[])[] = [];
  for (const event of events) {
    if (!('objectId' in event)) {
      order.push(event);
      continue;
    }
    const known = byObject.get(event.objectId);
    if (known !== undefined) {
      known.push(event);
      continue;
    }
    const list = [event];
    byObject.set(event.objectId, list);
    order.push(list);
  }
  return order.map((entry) =>
    Array.isArray(entry)
      ? { kind: 'visit', key: entry[0]!.objectId, visit: visitOf(entry) }
      : { kind: 'other', key: entry.eventId, event: entry },
  );
}

function visitOf(events: readonly ObjectEvent[]): Visit {
  const newest = events[0]!;
  const ended = events.find((event) => event.type === 'object.ended');
  const withPicture = events.filter(({ snapshot }) => snapshot !== null);
  const best = withPicture.reduce<ObjectEvent | undefined>(
    (a, b) => (a === undefined || b.topScore > a.topScore ? b : a),
    undefined,
  );
  return {
    objectId: newest.objectId,
    cameraId: newest.cameraId,
    label: newest.label,
    topScore: Math.max(...events.map(({ topScore }) => topScore)),
    startedAtMs: Math.min(...events.map(({ startedAtMs }) => startedAtMs)),
    endedAtMs: ended?.atMs ?? null,
    severity: events.some(({ severity }) => severity === 'alert') ? 'alert' : 'detection',
    zones: [...new Set(events.flatMap(zonesOf))],
    lines: [
      ...new Set(
        events.flatMap((event) =>
          event.type === 'line.crossed' ? [`${event.line} ${event.direction}`] : [],
        ),
      ),
    ],
    attributes: Object.entries(newest.attributes).map(([name, { value }]) => [name, value] as const),
    pictureEventId: best?.eventId ?? null,
    clipEventId: events.find(({ clip }) => clip !== null)?.eventId ?? null,
    events,
  };
}
