import type { FastifyRequest } from 'fastify';

export const TRANSPORTS = ['webrtc', 'mse', 'mjpeg', 'tracks'] as const;
export type Transport = (typeof TRANSPORTS)[number];

/** Who watches live now, by camera and transport. */
export class Viewers {
  readonly #counts = new Map<string, Map<Transport, number>>();

  /** Somebody watches. @returns to be called once when they no longer do */
  add(cameraId: string, transport: Transport): () => void {
    this.#change(cameraId, transport, 1);
    return () => this.#change(cameraId, transport, -1);
  }

  /** Counts a request as a viewer for as long as its connection lasts, which is until they are logged out at most. */
  follow(request: FastifyRequest, transport: Transport): void {
    const { cameraId } = request.params as { cameraId: string };
    const { socket } = request.raw;
    const end = () => socket.destroy();
    const leave = this.add(cameraId, transport);
    request.loggedOut?.addEventListener('abort', end, { once: true });
    socket.once('close', () => {
      request.loggedOut?.removeEventListener('abort', end);
      leave();
    });
  }

  *counts(): Generator<{
    readonly cameraId: string;
    readonly transport: Transport;
    readonly viewers: number;
  }> {
    for (const [cameraId, counts] of this.#counts) {
      for (const [transport, viewers] of counts) yield { cameraId, transport, viewers };
    }
  }

  #change(cameraId: string, transport: Transport, by: number): void {
    const counts = this.#counts.get(cameraId) ?? new Map<Transport, number>();
    this.#counts.set(cameraId, counts);
    counts.set(transport, (counts.get(transport) ?? 0) + by);
  }
}
