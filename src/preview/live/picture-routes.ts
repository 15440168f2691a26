import { z } from 'zod';
import type { PreviewParts } from '../ports.ts';
import type { PreviewApp } from '../server/preview-app.ts';
import type { LiveFeed } from './live-feed.ts';
import { MJPEG_BOUNDARY, MjpegChannel } from './mjpeg-channel.ts';
import { NewestStream } from './newest-stream.ts';
import { tracksMessage } from './tracks-message.ts';

const params = z.strictObject({ cameraId: z.string() });
const pictureQuery = z.strictObject({
  size: z
    .enum(['camera', 'detection'])
    .default('camera')
    .describe('Of the camera takes more work, and is that of detection where it cannot be had'),
});
/** A quiet stream says so often that it is still there. */
const HEARTBEAT_MS = 15_000;

/** Pictures for everything that shows a JPEG, and tracks for everything that reads text. */
export function pictureRoutes(app: PreviewApp, { cameras, clock, log }: PreviewParts): void {
  /** By feed: a camera that is removed and added again is another. */
  const channels = new WeakMap<LiveFeed, MjpegChannel>();
  const channelOf = (cameraId: string): MjpegChannel => {
    const { live } = cameras.get(cameraId)!;
    const channel = channels.get(live) ?? new MjpegChannel(live, log.child({ camera: cameraId }));
    channels.set(live, channel);
    return channel;
  };

  app.get(
    '/api/cameras/:cameraId/snapshot.jpg',
    {
      config: { access: 'viewer', camera: true, summary: 'The next picture', produces: 'image/jpeg' },
      schema: { params, querystring: pictureQuery },
    },
    async ({ params, query }, reply) =>
      reply.type('image/jpeg').send(await cameras.get(params.cameraId)!.snapshot(query.size)),
  );

  app.get(
    '/api/cameras/:cameraId/live.mjpeg',
    {
      config: {
        access: 'viewer',
        camera: true,
        watches: 'mjpeg',
        summary: 'Live pictures as motion JPEG; each part says in X-Capture-At-Ms when it was captured',
        produces: 'multipart/x-mixed-replace',
      },
      schema: { params },
    },
    (request, reply) => {
      const channel = channelOf(request.params.cameraId);
      const viewer = new NewestStream(clock, () => channel.remove(viewer));
      channel.add(viewer);
      // An empty preamble: the reply begins now, and not with the first picture, which may be long in coming.
      viewer.push('\r\n');
      return reply.type(`multipart/x-mixed-replace; boundary=${MJPEG_BOUNDARY}`).send(viewer);
    },
  );

  app.get(
    '/api/cameras/:cameraId/tracks',
    {
      config: {
        access: 'viewer',
        camera: true,
        watches: 'tracks',
        summary: 'Live tracks, a server-sent event for each inferred frame',
        produces: 'text/event-stream',
      },
      schema: { params },
    },
    (request, reply) => {
      const { live } = cameras.get(request.params.cameraId)!;
      const heartbeat = setInterval(() => viewer.offer(': still here\n\n'), HEARTBEAT_MS).unref();
      const unwatch = live.watchObjects((found) => viewer.offer(`data: ${tracksMessage(found)}\n\n`));
      const viewer = new NewestStream(clock, () => {
        clearInterval(heartbeat);
        unwatch();
      });
      viewer.offer(': connected\n\n');
      return reply.type('text/event-stream').send(viewer);
    },
  );
}
