import { z } from 'zod';
import type { PreviewParts } from '../ports.ts';
import type { PreviewApp } from '../server/preview-app.ts';
import { MseViewer } from './mse-viewer.ts';

/** A viewer that does not answer a ping until the next one is gone. */
const PING_MS = 7_000;

/** A camera's own video, not transcoded, for Media Source Extensions. */
export function mseRoutes(app: PreviewApp, { cameras, clock }: PreviewParts): void {
  app.get(
    '/api/cameras/:cameraId/live.mp4',
    {
      websocket: true,
      config: {
        access: 'viewer',
        camera: true,
        summary:
          "WebSocket: the camera's own video as fragmented MP4 from its last keyframe on, and JSON messages",
      },
      schema: { params: z.strictObject({ cameraId: z.string() }) },
    },
    (socket, request) => {
      const { cameraId } = request.params as { cameraId: string };
      const viewer = new MseViewer(socket, clock);
      let answered = true;
      const pings = setInterval(() => {
        if (!answered) socket.terminate();
        answered = false;
        socket.ping();
      }, PING_MS).unref();
      socket.on('pong', () => {
        answered = true;
      });
      const unwatch = cameras.get(cameraId)!.live.watchMedia(viewer);
      socket.on('error', () => socket.terminate());
      socket.on('close', () => {
        clearInterval(pings);
        unwatch();
        viewer.close();
      });
    },
  );
}
