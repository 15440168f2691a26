import type { Frame } from '../../flow/frame.ts';
import type { BoxNorm } from '../../flow/geometry.ts';
import type { MediaSink } from '../../flow/media.ts';

/** A picture at detection size, I420, that outlives its frame. Never changed by whoever holds it. */
export interface LivePicture extends Pick<Frame, 'data' | 'widthPx' | 'heightPx' | 'colour'> {
  /** When the picture arrived from the camera, ms since the epoch. */
  readonly captureAtMs: number;
}

/** A believed object in one frame. */
export interface LiveObject {
  readonly objectId: string;
  readonly label: string;
  /** Of the detection, 0..1. */
  readonly score: number;
  readonly boxNorm: BoxNorm;
  /** Of the centre, picture widths and heights per second. */
  readonly velocityNorm: readonly [x: number, y: number];
  readonly stationary: boolean;
  readonly zones: readonly string[];
}

/** What was found in a frame that was inferred. */
export interface FrameObjects {
  readonly captureAtMs: number;
  readonly objects: readonly LiveObject[];
}

/**
 * A camera for those who watch it now. Nothing is copied or computed while nobody does. Listeners are called in order of
 * capture, must return at once and never throw; what `watch...` returns ends it.
 */
export interface LiveFeed {
  /** Pictures, each after the objects that were found in it: one waits a little for its inference, so that both can be shown at once. */
  watchPictures(listener: (picture: LivePicture) => void): () => void;
  /** A picture as JPEG. */
  encodeJpeg(picture: LivePicture): Promise<Buffer>;
  /** Objects of every inferred frame, as soon as they are known. */
  watchObjects(listener: (found: FrameObjects) => void): () => void;
  /**
   * The camera's own video, still encoded: from its newest keyframe on, what is there at once. `unusable` comes at once
   * where the camera has none.
   */
  watchMedia(sink: MediaSink): () => void;
  /** Where the camera's own video is, its type as Media Source Extensions take it (RFC 6381); null when there is none (yet). */
  readonly mediaMime: string | null;
}
