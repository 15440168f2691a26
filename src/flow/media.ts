/** A camera's own encoded video as fragmented MP4 (ISO/IEC 14496-12), one connection's worth. */
export interface MediaStream {
  /** `ftyp` and `moov`: what a player needs before any fragment. */
  readonly init: Uint8Array;
  /** Sample entry of the video: `avc1` is H.264, `hvc1` H.265. */
  readonly codec: 'avc1' | 'hvc1';
  /** Its type as Media Source Extensions take it (RFC 6381), such as `video/mp4; codecs="avc1.4D401F"`. */
  readonly mime: string;
  /** Units of decode times per second. */
  readonly timescale: number;
  /** A player's time of a picture is its presentation time and so much more, s. */
  readonly timeShiftS: number;
}

/** One `moof` and its `mdat`: one picture, still encoded. Never changed by whoever holds it. */
export interface MediaFragment {
  readonly stream: MediaStream;
  readonly data: Uint8Array;
  /** Decoding can begin here. */
  readonly keyframe: boolean;
  /** Decode time in units of the timescale, and where in `data` it is written (64 bits, big-endian). */
  readonly decodeTime: number;
  readonly decodeTimeAt: number;
  /** How long the picture is shown, units of the timescale. */
  readonly duration: number;
  /** Presentation time on the connection's clock, ms. */
  readonly ptsMs: number;
  /** When the picture arrived from the camera, ms since the epoch: the same instant as that of its `Frame`. */
  readonly captureAtMs: number;
}

/** Where a camera's encoded video goes. Calls return at once and never throw. */
export interface MediaSink {
  /** Takes over one fragment. A fragment of another `stream` than before begins with a keyframe. */
  fragment(fragment: MediaFragment): void;
  /** The connection is over: what follows does not continue it. */
  ended(): void;
  /** This camera's video cannot be kept, for good. `why` is a sentence for people. */
  unusable(why: string): void;
}
