import { z } from 'zod';
import { type DomainEvent, domainEventTypes } from '../../flow/domain-event.ts';
import type { PreviewParts } from '../ports.ts';
import type { PreviewApp } from '../server/preview-app.ts';
import type { EventStream, EventStreams } from '../server/server-sent-events.ts';
import { several, visibleCameras } from './events.ts';

/** Events read from the store at a time while somebody catches up. */
const PAGE = 100;

const seqText = z.string().regex(/^\d{1,16}$/, 'use the id of an event of this stream');

/** Events as they happen, and from where a reader left off. */
export function eventStreamRoutes(app: PreviewApp, { events }: PreviewParts, streams: EventStreams): void {
  app.get(
    '/api/events/stream',
    {
      config: {
        access: 'viewer',
        summary: 'Events as they happen; with Last-Event-ID, all since that one',
        produces: 'text/event-stream',
      },
      schema: {
        querystring: z.strictObject({
          camera: several(z.string().min(1).max(128)).describe('Of this camera; may be repeated'),
          type: several(z.enum(domainEventTypes)).describe('Of this type; may be repeated'),
          lastEventId: seqText.optional().describe('As the header Last-Event-ID'),
        }),
        headers: z.looseObject({ 'last-event-id': seqText.optional() }),
      },
    },
    (request, reply) => {
      const { camera, type, lastEventId } = request.query;
      const cameras = visibleCameras(request.user, camera);
      const wanted = (event: DomainEvent) =>
        (cameras?.includes(event.cameraId) ?? true) && (type?.includes(event.type) ?? true);
      const last = request.headers['last-event-id'] ?? lastEventId;
      const stream = streams.open(request, reply);
      void follow(events, stream, wanted, last === undefined ? events.lastSeq : Number(last));
    },
  );
}

/**
 * Sends what came after `seq`, then what comes. What happens while the past is read is read too: only when nothing is left
 * does it switch to what comes, in the same turn of the event loop, so that nothing is missed or sent twice.
 */
async function follow(
  events: PreviewParts['events'],
  stream: EventStream,
  wanted: (event: DomainEvent) => boolean,
  seq: number,
): Promise<void> {
  const send = (event: DomainEvent) => {
    if (wanted(event)) stream.send({ id: String(event.seq), data: event });
  };
  let sentSeq = seq;
  try {
    while (!stream.ended.aborted && sentSeq < events.lastSeq) {
      const page = await events.after(sentSeq, PAGE);
      for (const event of page) send(event);
      sentSeq = page.at(-1)?.seq ?? events.lastSeq;
      await stream.drained();
    }
  } catch {
    // The reader comes back and goes on where it was.
    stream.end();
  }
  if (stream.ended.aborted) return;
  const leave = events.subscribe(send);
  stream.ended.addEventListener('abort', leave, { once: true });
}
