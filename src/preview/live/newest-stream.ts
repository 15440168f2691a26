import { Readable } from 'node:stream';
import type { Clock, Timer } from '../../base/clock.ts';

/** Who reads nothing for so long is gone, or as good as gone. */
const STALL_MS = 15_000;

/**
 * A body that goes on as long as somebody reads it. What a slow reader has no room for is skipped, never queued: at most one
 * chunk waits here beside what the socket holds.
 */
export class NewestStream extends Readable {
  readonly #clock: Clock;
  readonly #closed: () => void;
  #hasRoom = true;
  #stall: Timer | undefined;

  /** @param closed called once, however it ends */
  constructor(clock: Clock, closed: () => void) {
    super({ highWaterMark: 1 });
    this.#clock = clock;
    this.#closed = closed;
  }

  /** False while the reader is behind. */
  get hasRoom(): boolean {
    return this.#hasRoom && !this.destroyed;
  }

  /** @returns false when the chunk was skipped */
  offer(chunk: string | Buffer): boolean {
    if (!this.hasRoom) return false;
    this.#hasRoom = false;
    this.#stall = this.#clock.after(STALL_MS, () => this.destroy());
    this.push(chunk);
    return true;
  }

  override _read(): void {
    this.#hasRoom = true;
    this.#stall?.cancel();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#stall?.cancel();
    this.#closed();
    done(error);
  }
}
