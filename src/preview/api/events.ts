import { z } from 'zod';
import { domainEventSchema, domainEventTypes } from '../../flow/domain-event.ts';
import type { EventQuery } from '../../flow/event-query.ts';
import type { PreviewParts } from '../ports.ts';
import { maySee, type PreviewApp, type PreviewUser } from '../server/preview-app.ts';
import { HttpProblem } from '../server/problem.ts';

const MAX_EVENTS = 200;

/** A parameter that may be given once or several times. */
export const several = <T extends z.ZodType>(item: T) =>
  z
    .union([item, z.array(item).max(64)])
    .transform((value) => (Array.isArray(value) ? value : [value]) as z.output<T>[])
    .optional();

const epochMs = z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER);
const word = z.string().min(1).max(128);

const searchSchema = z.strictObject({
  fromMs: epochMs.optional().describe('Not before, ms since the epoch'),
  toMs: epochMs.optional().describe('Not after, ms since the epoch'),
  camera: several(word).describe('Of this camera; may be repeated'),
  type: several(z.enum(domainEventTypes)).describe('Of this type; may be repeated'),
  label: word.optional(),
  zone: word.optional().describe('About this zone, or of an object that was in it'),
  line: word.optional(),
  object: word.optional().describe('Of this object'),
  severity: z.enum(['alert', 'detection']).optional(),
  attribute: z
    .string()
    .max(256)
    .regex(/^[^:]+:.+$/, 'use name:value')
    .optional()
    .describe('Of an object of which a second model says so, as name:value'),
  text: z.string().max(256).optional().describe('Words that must all occur in it, whatever their case'),
  limit: z.coerce.number().int().min(1).max(MAX_EVENTS).default(50),
  cursor: z
    .string()
    .regex(/^\d{1,16}$/, 'use the nextCursor of a reply')
    .optional(),
});

const foundSchema = z.strictObject({
  events: z.array(domainEventSchema).describe('Newest first'),
  nextCursor: z
    .string()
    .nullable()
    .describe('`cursor` of what comes next, even where fewer than `limit` were found; null: that was all'),
});

/** The cameras, of those asked for, that somebody may see; undefined: all. */
export function visibleCameras(
  user: PreviewUser | null,
  asked: readonly string[] | undefined,
): readonly string[] | undefined {
  if (asked !== undefined) return asked.filter((cameraId) => maySee(user, cameraId));
  return user?.cameras.includes('*') ? undefined : (user?.cameras ?? []);
}

/** Events of the past. */
export function eventRoutes(app: PreviewApp, { events }: PreviewParts): void {
  app.get(
    '/api/events',
    {
      config: { access: 'viewer', summary: 'Search events, newest first' },
      schema: { querystring: searchSchema, response: { 200: foundSchema } },
    },
    async ({ query, user }) => {
      const { camera, type, object, cursor, attribute, ...same } = query;
      const asked: EventQuery = {
        ...same,
        cameraIds: visibleCameras(user, camera),
        types: type,
        objectId: object,
        attribute: attribute === undefined ? undefined : pairOf(attribute),
        beforeSeq: cursor === undefined ? undefined : Number(cursor),
      };
      const found = await events.search(asked);
      const { nextBeforeSeq } = found;
      return { events: [...found.events], nextCursor: nextBeforeSeq === null ? null : String(nextBeforeSeq) };
    },
  );
  app.get(
    '/api/events/:eventId',
    {
      config: { access: 'viewer', summary: 'One event' },
      schema: { params: z.strictObject({ eventId: word }), response: { 200: domainEventSchema } },
    },
    ({ params, user }) => visibleEvent(events, params.eventId, user),
  );
}

/** @throws HttpProblem 404 when there is no such event, or none that the user may see */
export async function visibleEvent(
  events: PreviewParts['events'],
  eventId: string,
  user: PreviewUser | null,
) {
  const event = await events.byId(eventId);
  if (event !== undefined && maySee(user, event.cameraId)) return event;
  throw new HttpProblem(404, 'there is no such event, or it is not yours to see');
}

function pairOf(attribute: string): { name: string; value: string } {
  const colon = attribute.indexOf(':');
  return { name: attribute.slice(0, colon), value: attribute.slice(colon + 1) };
}
