import { z } from 'zod';
import type { DomainEvent } from '../../flow/domain-event.ts';
import type { PreviewParts } from '../ports.ts';
import type { PreviewApp } from '../server/preview-app.ts';
import { HttpProblem } from '../server/problem.ts';
import { openLinked, sendFile } from '../server/stored-file.ts';
import { visibleEvent } from './events.ts';

interface Media {
  readonly name: string;
  readonly type: string;
  readonly summary: string;
  /** Where it is, relative to the storage folder; null when the event has none. */
  readonly linkOf: (event: DomainEvent) => string | null;
}

const snapshotOf = (event: DomainEvent) => ('snapshot' in event ? event.snapshot : null);

const MEDIA: readonly Media[] = [
  {
    name: 'snapshot.jpg',
    type: 'image/jpeg',
    summary: "The best view of an event's object, the whole picture",
    linkOf: snapshotOf,
  },
  {
    name: 'crop.jpg',
    type: 'image/jpeg',
    summary: "The best view of an event's object, cut out",
    // Beside the picture, as the store names it.
    linkOf: (event) => snapshotOf(event)?.replace(/\.jpg$/, '.crop.jpg') ?? null,
  },
  {
    name: 'clip.mp4',
    type: 'video/mp4',
    summary: 'The recording of an event; with Range, a part of it',
    linkOf: (event) => ('clip' in event ? event.clip : null),
  },
];

/** Pictures and recordings of events. */
export function eventMediaRoutes(app: PreviewApp, { config, events }: PreviewParts): void {
  for (const { name, type, summary, linkOf } of MEDIA) {
    app.get(
      `/api/events/:eventId/${name}`,
      {
        config: { access: 'viewer', summary, produces: type },
        schema: { params: z.strictObject({ eventId: z.string().min(1).max(128) }) },
      },
      async (request, reply) => {
        const event = await visibleEvent(events, request.params.eventId, request.user);
        const link = linkOf(event);
        if (link === null) throw new HttpProblem(404, `this event has no ${name}`);
        return sendFile(request, reply, await openLinked(config.storage.path, link), type);
      },
    );
  }
}
