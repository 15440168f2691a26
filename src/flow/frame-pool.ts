import type { Frame } from './frame.ts';
import { i420Bytes } from './frame.ts';

/** Everything of a frame but its buffer and its release. */
export type FrameFields = Omit<Frame, 'data' | 'release'>;

/** A buffer taken from the pool, to be filled and then made a frame, or given back unfilled. */
export interface FrameSlot {
  readonly data: Uint8Array;
  /** Makes the frame; the slot must not be used after. */
  toFrame(fields: FrameFields): Frame;
  /** Gives the buffer back unused. */
  release(): void;
}

/**
 * A fixed number of pixel buffers, reused for ever. Buffers are SharedArrayBuffers, so a thread or a native library
 * reads pixels where they were written. When all are out, `acquire` says so and the caller drops its picture.
 */
export class FramePool {
  /** Views of the free buffers, each as long as its last picture: making a view costs more than taking one. */
  readonly #free: Uint8Array<SharedArrayBuffer>[] = [];
  readonly #slots: number;
  #slotBytes: number;
  #out = 0;

  constructor(slots: number, slotBytes: number) {
    this.#slots = slots;
    this.#slotBytes = slotBytes;
  }

  /** Buffers in use. */
  get inUse(): number {
    return this.#out;
  }

  /** A buffer for one I420 picture, or undefined when all are in use. A larger picture than ever enlarges the buffers. */
  acquire(widthPx: number, heightPx: number): FrameSlot | undefined {
    if (this.#out >= this.#slots) return undefined;
    const bytes = i420Bytes(widthPx, heightPx);
    if (bytes > this.#slotBytes) {
      this.#slotBytes = bytes;
      this.#free.length = 0;
    }
    const last = this.#free.pop();
    this.#out += 1;
    if (last?.length === bytes) return this.#slot(last);
    return this.#slot(new Uint8Array(last?.buffer ?? new SharedArrayBuffer(this.#slotBytes), 0, bytes));
  }

  #slot(data: Uint8Array<SharedArrayBuffer>): FrameSlot {
    let owned = true;
    const release = () => {
      if (!owned) throw new Error('frame released twice');
      owned = false;
      this.#out -= 1;
      if (data.buffer.byteLength === this.#slotBytes) this.#free.push(data);
    };
    const toFrame = ({ cameraId, seq, widthPx, heightPx, colour, source, times }: FrameFields) => {
      return { cameraId, seq, data, widthPx, heightPx, colour, source, times, release };
    };
    return { data, release, toFrame };
  }
}
