import type { CameraCause } from '../flow/camera-state.ts';
import type { Colour, Frame } from '../flow/frame.ts';
import type { SizePx } from '../flow/geometry.ts';

/** What is known of a stream once it is open. */
export interface StreamInfo {
  /** Size of the camera's own picture. */
  readonly source: SizePx;
  /** Size of the frames. */
  readonly frame: SizePx;
  readonly colour: Colour;
  /** Codec as the tool names it, e.g. `h264 (Main)`; null when unknown. */
  readonly codec: string | null;
}

/** Where a source puts its frames. */
export interface FrameSink {
  /** Called before the first frame, and again whenever the stream changes its size or colour. */
  opened(info: StreamInfo): void;
  /**
   * Takes over one frame and must see it released. A source that can wait (a file read faster than real time) gives the
   * next frame only when the promise resolves; a live one never waits.
   */
  frame(frame: Frame): void | Promise<void>;
  /** A picture was lost before it became a frame; it still counts in `seq`. */
  dropped(reason: 'pool_exhausted' | 'decode_error'): void;
}

/** Where pictures come from: one connection, run from open to end. */
export interface FrameSource {
  /** For people and logs, without secrets. */
  readonly description: string;
  /** True when the source ends for good (a file played once): the camera then ends instead of reconnecting. */
  readonly finite: boolean;
  /** True when it waits for each frame to be dealt with (a file read as fast as possible); a live source never does. */
  readonly waits: boolean;
  /**
   * Runs one connection. Resolves when the stream ended by itself; rejects with a `CaptureError` when it failed, with an
   * `AbortError` when `signal` aborted. When it settles, nothing of it is left: no child process, no timer.
   */
  run(sink: FrameSink, signal: AbortSignal): Promise<void>;
  /** The picture of a capture time once more, at the camera's own size, where the source can draw it. Costs some ms. */
  redraw?(captureAtMs: number): Pick<Frame, 'data' | 'widthPx' | 'heightPx' | 'colour'> | undefined;
  /** Why no picture comes, as far as the source knows; asked when the camera's patience ends. */
  diagnosis?(): CaptureFailure | undefined;
}

/** Why a connection failed, in the words of the camera's state. */
export interface CaptureFailure {
  readonly cause: CameraCause;
  readonly message: string;
  readonly hint: string;
}
