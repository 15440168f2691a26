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
  /** The same for a track that was not seen in the frame before: its prediction is worth less, so more is asked. */
  readonly lostMinIou: number;
  /** Least IoU of the predicted box of a track seen a frame ago with a low-score detection. */
  readonly lowMinIou: number;
  /** Least IoU of the last seen box with a high-score detection that nothing else explains. */
  readonly recoveryMinIou: number;
  /** For so long after it was seen a track can be recovered there, ms. */
  readonly recoveryMs: number;
  /** Weight of moving on in one direction against IoU (OC-SORT's inertia). */
  readonly momentumWeight: number;
  /** Over which past the direction is taken, ms. */
  readonly momentumMs: number;
  /** Most tracks alive at once; the ones unseen for longest make way. */
  readonly maxTracks: number;
  readonly motion: MotionNoise;
  readonly cameraMotion: CameraMotionOptions;
}

/** When the picture as a whole is taken to have moved. */
export interface CameraMotionOptions {
  /** Least IoU of a predicted box with a high-score detection that tells of the camera's motion. */
  readonly minIou: number;
  /** With fewer objects there is no telling the camera's motion from theirs; Infinity: the camera never moves. */
  readonly minObjects: number;
  /** Least size of the common shift, in standard errors. */
  readonly minSigmas: number;
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

/** What a user's least score for a report means for the tracker. */
export type ScoreThresholds = Pick<TrackerOptions, 'lowScore' | 'highScore' | 'birthScore'>;

/** @param minScore from this score on the detector is to be believed, 0..1 */
export function thresholdsFor(minScore: number): ScoreThresholds {
  return { lowScore: 0.4 * minScore, highScore: minScore, birthScore: minScore };
}

export const trackerDefaults: TrackerOptions = {
  classAgnostic: false,
  lostMs: 3_000,
  tentativeLostMs: 100,
  ...thresholdsFor(0.5),
  birthMaxIou: 0.7,
  confirmScore: 1.6,
  highMinIou: 0.15,
  lostMinIou: 0.35,
  lowMinIou: 0.5,
  recoveryMinIou: 0.5,
  recoveryMs: 500,
  momentumWeight: 0.2,
  momentumMs: 500,
  maxTracks: 256,
  motion: {
    measurement: 0.06,
    centreAcceleration: 0.8,
    extentAcceleration: 0.5,
    initialVelocity: 1,
    centreDampingS: 5,
    extentDampingS: 0.5,
  },
  cameraMotion: { minIou: 0.2, minObjects: 4, minSigmas: 1 },
};
