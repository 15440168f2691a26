import type { BoxPx } from '../flow/geometry.ts';
import type { MotionNoise } from './options.ts';

/** Layout of the state: centre, extent, their velocities, and the covariance of (position, velocity) of each pair. */
const CX = 0;
const CY = 1;
const WIDTH = 2;
const HEIGHT = 3;
const VX = 4;
const VY = 5;
const VWIDTH = 6;
const VHEIGHT = 7;
const CENTRE_COVARIANCE = 8;
const EXTENT_COVARIANCE = 11;
const STATE_LENGTH = 14;

const MIN_EXTENT_PX = 1;
/** Below this share of the time constant the exact noise terms lose their digits to cancellation. */
const SERIES_BELOW = 1e-3;

/**
 * Kalman filter of one box: centre (cx, cy) and extent (w, h) with velocities, as BoT-SORT states it (arXiv 2206.14651),
 * in px and px/s. The four quantities move independently, so every matrix is 2x2 and in closed form; cx and cy, and w and
 * h, share their noise and so their covariance.
 *
 * Motion is a velocity that forgets itself (an integrated Ornstein-Uhlenbeck process), discretised exactly: predicting
 * 0.1 s ten times equals predicting 1 s once. The state is therefore kept as of the last measurement and every prediction
 * is a pure function of time (Y. Bar-Shalom et al., "Estimation with Applications to Tracking and Navigation", 2001, 6.2).
 */
export class BoxFilter {
  readonly #state = new Float64Array(STATE_LENGTH);
  readonly #noise: MotionNoise;

  constructor(box: BoxPx, noise: MotionNoise) {
    this.#noise = noise;
    const state = this.#state;
    state[CX] = (box[0] + box[2]) / 2;
    state[CY] = (box[1] + box[3]) / 2;
    state[WIDTH] = box[2] - box[0];
    state[HEIGHT] = box[3] - box[1];
    const sizeSquared = state[WIDTH] * state[HEIGHT];
    for (const at of [CENTRE_COVARIANCE, EXTENT_COVARIANCE]) {
      state[at] = noise.measurement ** 2 * sizeSquared;
      state[at + 2] = noise.initialVelocity ** 2 * sizeSquared;
    }
  }

  get velocityPxPerS(): readonly [vx: number, vy: number] {
    return [this.#state[VX]!, this.#state[VY]!];
  }

  /** Moves the origin of the coordinates; velocities stay. */
  shift(xPx: number, yPx: number): void {
    this.#state[CX]! += xPx;
    this.#state[CY]! += yPx;
  }

  /** The box `aheadS` seconds after the last measurement. */
  predict(aheadS: number): BoxPx {
    const state = this.#state;
    const centre = dampedTime(aheadS, this.#noise.centreDampingS);
    const extent = dampedTime(aheadS, this.#noise.extentDampingS);
    const cx = state[CX]! + state[VX]! * centre;
    const cy = state[CY]! + state[VY]! * centre;
    const halfWidth = Math.max(MIN_EXTENT_PX, state[WIDTH]! + state[VWIDTH]! * extent) / 2;
    const halfHeight = Math.max(MIN_EXTENT_PX, state[HEIGHT]! + state[VHEIGHT]! * extent) / 2;
    return [cx - halfWidth, cy - halfHeight, cx + halfWidth, cy + halfHeight];
  }

  /** Moves the state on by `aheadS` seconds and corrects it with a box measured then. */
  measure(box: BoxPx, aheadS: number): void {
    const state = this.#state;
    const noise = this.#noise;
    const width = box[2] - box[0];
    const height = box[3] - box[1];
    const sizeSquared = width * height;
    const measurementVariance = noise.measurement ** 2 * sizeSquared;
    const centreDensity = noise.centreAcceleration ** 2 * sizeSquared;
    const extentDensity = noise.extentAcceleration ** 2 * sizeSquared;
    this.#advance(CX, CENTRE_COVARIANCE, aheadS, noise.centreDampingS, centreDensity);
    this.#advance(WIDTH, EXTENT_COVARIANCE, aheadS, noise.extentDampingS, extentDensity);
    this.#correct(CX, CENTRE_COVARIANCE, measurementVariance, (box[0] + box[2]) / 2, (box[1] + box[3]) / 2);
    this.#correct(WIDTH, EXTENT_COVARIANCE, measurementVariance, width, height);
    state[WIDTH] = Math.max(MIN_EXTENT_PX, state[WIDTH]!);
    state[HEIGHT] = Math.max(MIN_EXTENT_PX, state[HEIGHT]!);
  }

  /** Prediction step of two quantities that share a covariance. `density`: of the acceleration, px^2/s^3. */
  #advance(first: number, covariance: number, aheadS: number, dampingS: number, density: number): void {
    const state = this.#state;
    const travel = dampedTime(aheadS, dampingS);
    const keep = Math.exp(-aheadS / dampingS);
    for (let quantity = first; quantity < first + 2; quantity += 1) {
      state[quantity]! += state[quantity + VX]! * travel;
      state[quantity + VX]! *= keep;
    }
    const pp = state[covariance]!;
    const pv = state[covariance + 1]!;
    const vv = state[covariance + 2]!;
    state[covariance] = pp + 2 * travel * pv + travel ** 2 * vv + density * positionNoise(aheadS, dampingS);
    state[covariance + 1] = keep * (pv + travel * vv) + (density * travel ** 2) / 2;
    state[covariance + 2] = keep ** 2 * vv + (density * dampingS * (1 - keep ** 2)) / 2;
  }

  #correct(first: number, covariance: number, variance: number, measured0: number, measured1: number): void {
    const state = this.#state;
    const pp = state[covariance]!;
    const pv = state[covariance + 1]!;
    const positionGain = pp / (pp + variance);
    const velocityGain = pv / (pp + variance);
    const innovation0 = measured0 - state[first]!;
    const innovation1 = measured1 - state[first + 1]!;
    state[first]! += positionGain * innovation0;
    state[first + 1]! += positionGain * innovation1;
    state[first + VX]! += velocityGain * innovation0;
    state[first + VX + 1]! += velocityGain * innovation1;
    state[covariance] = (1 - positionGain) * pp;
    state[covariance + 1] = (1 - positionGain) * pv;
    state[covariance + 2]! -= velocityGain * pv;
  }
}

/** How far a velocity of 1 carries in `aheadS` while it decays. */
function dampedTime(aheadS: number, dampingS: number): number {
  return -dampingS * Math.expm1(-aheadS / dampingS);
}

/** Variance of the position after `aheadS` from an acceleration of spectral density 1. */
function positionNoise(aheadS: number, dampingS: number): number {
  if (aheadS < SERIES_BELOW * dampingS) return aheadS ** 3 / 3;
  const keep = Math.exp(-aheadS / dampingS);
  return dampingS ** 2 * (aheadS - 2 * dampingS * (1 - keep) + (dampingS / 2) * (1 - keep ** 2));
}
