import type { SizePx } from './geometry.ts';

/** YCbCr -> RGB matrix of the stream (ITU-R BT.601 or BT.709) and its sample range. */
export interface Colour {
  readonly matrix: 'bt601' | 'bt709';
  /** `limited`: Y in 16..235; `full`: 0..255. */
  readonly range: 'limited' | 'full';
}

/**
 * When things happened to a frame. Wall-clock values (`...AtMs`) are for people and messages; `captureMonoMs`
 * drives filters and durations.
 */
export interface FrameTimes {
  /** When the picture arrived from the camera, ms since the epoch. */
  readonly captureAtMs: number;
  /** The same instant on the monotonic clock; media time for sources read faster than real time. */
  readonly captureMonoMs: number;
  /** When its pixels were complete in memory, ms since the epoch. */
  readonly decodedAtMs: number;
  /** Presentation time on the connection's clock, ms, as its `MediaFragment` has it; absent where the source has none. */
  readonly ptsMs?: number;
}

/**
 * One picture, planar YUV 4:2:0 (I420) at detection size: `widthPx * heightPx` luma bytes, then the two chroma
 * planes of `ceil(w/2) * ceil(h/2)` bytes each, no row padding.
 *
 * A frame has one owner at a time. Whoever holds it last calls `release()` once; its pixels must not be read after.
 */
export interface Frame extends SizePx {
  readonly cameraId: string;
  /** Counts the frames of this camera from 1, dropped ones included; never goes back while the daemon lives. */
  readonly seq: number;
  readonly data: Uint8Array;
  readonly colour: Colour;
  /** Size of the camera's own picture, before it was scaled to detection size. */
  readonly source: SizePx;
  readonly times: FrameTimes;
  release(): void;
}

/**
 * A frame with another number or another release; the one it was made of must not be used any more. For every frame, and so
 * property by property: a spread that then replaces one of them goes through V8's runtime.
 */
export function frameWith(frame: Frame, changed: Partial<Pick<Frame, 'seq' | 'release'>>): Frame {
  const { cameraId, data, widthPx, heightPx, colour, source, times } = frame;
  const { seq = frame.seq, release = frame.release } = changed;
  return { cameraId, seq, data, widthPx, heightPx, colour, source, times, release };
}

/** Bytes of an I420 picture. */
export function i420Bytes(widthPx: number, heightPx: number): number {
  return widthPx * heightPx + 2 * ((widthPx + 1) >> 1) * ((heightPx + 1) >> 1);
}

/** Of a picture for people: as the camera sends it, or as the model gets it. */
export type PictureSize = 'camera' | 'detection';
