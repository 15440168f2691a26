/** How the tracker decides. Everything has a default; durations are of the frames' clock, never counts of frames. */
export interface TrackerOptions {
  /** Let detections of another class continue a track. */
  readonly classAgnostic: boolean;
  /** A track unseen for so long ends, ms. */
  readonly lostMs: number;
  /** A tentative track unseen for so long ends, ms; it always gets the next frame as a chance. */
  readonly tentativeLostMs: number;
  /** Detections from this score on are matched first (ByteTrack's high threshold), 0..1. */
  readonly highScore: number;
  /** Detections below are ignored (ByteTrack's low threshold), 0..1. */
  readonly lowScore: number;
  /** Unmatched detections from this score on begin tracks, 0..1. */
  readonly birthScore: number;
  /** Unmatched detections that overlap a matched one of their class by more are doubles of it and begin nothing, IoU. */
  readonly birthMaxIou: number;
  /** A track whose detections' scores add up to this is confirmed. */
  readonly confirmScore: number;
  /** Least IoU of the predicted box with a high-score detection. */
  readonly highMinIou: number;
  /** Least IoU of the predicted box with a low-score detection. */
  readonly lowMinIou: number;
  /** Least IoU of the last seen box with a high-score detection that nothing else explains. */
  readonly recoveryMinIou: number;
  /** Only tracks seen within this time are matched to low scores, ms: a doubtful box must not revive a track long gone. */
  readonly lowScoreLostMs: number;
  /** Weight of moving on in one direction against IoU (OC-SORT's inertia). */
  readonly momentumWeight: number;
  /** Over which past the direction is taken, ms. */
  readonly momentumMs: number;
  /** Most tracks alive at once; the ones unseen for longest make way. */
  readonly maxTracks: number;
  readonly motion: MotionNoise;
}

/** Noise of the motion model; lengths are in box sizes, sqrt(width * height), so that near and far objects are alike. */
export interface MotionNoise {
  /** Standard deviation of a detected centre or extent, box sizes. */
  readonly measurement: number;
  /** Square root of the spectral density of the centre's acceleration, box sizes per s^1.5. */
  readonly centreAcceleration: number;
  /** The same for width and height. */
  readonly extentAcceleration: number;
  /** Standard deviation of the velocity of a new track, box sizes per second. */
  readonly initialVelocity: number;
  /** Velocities forget themselves with this time constant, s: whoever is out of sight does not walk on for ever. */
  readonly centreDampingS: number;
  readonly extentDampingS: number;
}

export const trackerDefaults: TrackerOptions = {
  classAgnostic: false,
  lostMs: 3_000,
  tentativeLostMs: 250,
  highScore: 0.5,
  lowScore: 0.1,
  birthScore: 0.6,
  birthMaxIou: 0.7,
  confirmScore: 1.6,
  highMinIou: 0.25,
  lowMinIou: 0.4,
  recoveryMinIou: 0.25,
  lowScoreLostMs: 500,
  momentumWeight: 0.2,
  momentumMs: 300,
  maxTracks: 256,
  motion: {
    measurement: 0.06,
    centreAcceleration: 1.5,
    extentAcceleration: 0.5,
    initialVelocity: 1.5,
    centreDampingS: 3,
    extentDampingS: 0.5,
  },
};
