import type { FastifyRequest } from 'fastify';

export const TRANSPORTS = ['webrtc', 'mse', 'mjpeg', 'tracks'] as const;
export type Transport = (typeof TRANSPORTS)[number];

/** Who watches live now, by camera and transport. */
export class Viewers {
  readonly #counts = new Map<string, Map<Transport, number>>();
  readonly #ends = new Map<string, Set<() => void>>();

  /** Somebody watches. @param end sends them away @returns to be called once when they no longer do */
  add(cameraId: string, transport: Transport, end: () => void): () => void {
    const ends = this.#ends.get(cameraId) ?? new Set();
    // An entry of its own, whatever the caller gives.
    const entry = () => end();
    this.#ends.set(cameraId, ends.add(entry));
    this.#change(cameraId, transport, 1);
    return () => {
      ends.delete(entry);
      this.#change(cameraId, transport, -1);
    };
  }

  /** The camera is gone: whoever watches it is sent away. */
  endAll(cameraId: string): void {
    for (const end of [...(this.#ends.get(cameraId) ?? [])]) end();
    this.#ends.delete(cameraId);
    this.#counts.delete(cameraId);
  }

  /** Counts a request as a viewer for as long as its connection lasts, which is until they are logged out at most. */
  follow(request: FastifyRequest, transport: Transport): void {
    const { cameraId } = request.params as { cameraId: string };
    const { socket } = request.raw;
    const end = () => socket.destroy();
    const leave = this.add(cameraId, transport, end);
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
    // Somebody leaves a camera that is gone.
    if (by < 0 && !this.#counts.has(cameraId)) return;
    const counts = this.#counts.get(cameraId) ?? new Map<Transport, number>();
    this.#counts.set(cameraId, counts);
    counts.set(transport, (counts.get(transport) ?? 0) + by);
  }
}
