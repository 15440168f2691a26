/** How fast the model follows, ms: time constants of exponential averages. */
const BACKGROUND_TAU_MS = 4_000;
const DEVIATION_TAU_MS = 8_000;
/** A cell that keeps flickering is believed less and less, but slowly: a passer-by must not blind it. */
const FLICKER_TAU_MS = 25_000;
/** A cell differs when it is so many mean deviations away; a normal distribution's is 0.8 sigma. */
const DEVIATIONS = 4;
/** The most that one outlier counts in the deviation, in thresholds. */
const OUTLIER_LIMIT = 1.5;

/** A cell that differs and stays as it is stands still from then on, and is the background in the end. */
const STILL_AFTER_MS = 3_000;
const BACKGROUND_AFTER_MS = 60_000;
/** How much faster a second value gains age while it is seen than it loses age while it is not. */
const FORGET = 0.25;
/** One frame adds at most so much age: with seconds between frames nothing is known of what lies between. */
const MAX_AGING_MS = 1_000;

const RATIO_ONE = 256;
const RATIO_BINS = 1024;
/** Every so manyth cell takes part in the estimate of brightness. */
const RATIO_STEP = 3;
/** Darker cells say little about brightness: two luma levels. */
const RATIO_MIN = 32;

/** What one frame did to the model. */
export interface Observation {
  /** Brightness of this frame by that of the frame before; 1 is unchanged. */
  readonly gain: number;
  /** Cells that differ from what they were and have not stood still since. */
  readonly foreground: number;
}

/**
 * The usual picture: per cell a running mean, a running mean deviation, and a second value that it took lately. It follows the
 * running average of Frigate's motion detector and the modes and variances of MOG2 (Zivkovic, "Improved adaptive Gaussian
 * mixture model for background subtraction", ICPR 2004), with two modes. What is ours: learning follows the time between
 * frames, and the change of the whole picture's brightness (median ratio) is taken out first, so that a cloud moves nothing.
 *
 * The second mode keeps the background while somebody stands in front of it: when he leaves, no ghost of him stays.
 */
export class BackgroundModel {
  /** Means and second values are those of brightness 1. */
  readonly #mean: Float32Array;
  readonly #second: Float32Array;
  /** For how long a cell has had its second value, ms. */
  readonly #secondAgeMs: Float32Array;
  readonly #deviation: Float32Array;
  readonly #unmasked: Uint8Array;
  readonly #ratios = new Uint16Array(RATIO_BINS);
  #brightness = 1;
  /** Time that the model has learned for, ms; undefined before its first frame. */
  #ageMs: number | undefined;

  /** @param unmasked 1 for each cell that counts */
  constructor(unmasked: Uint8Array) {
    this.#unmasked = unmasked;
    this.#mean = new Float32Array(unmasked.length);
    this.#second = new Float32Array(unmasked.length);
    this.#secondAgeMs = new Float32Array(unmasked.length);
    this.#deviation = new Float32Array(unmasked.length);
  }

  get isEmpty(): boolean {
    return this.#ageMs === undefined;
  }

  /** Forgets everything and takes this frame as the usual picture. @param threshold sixteenths of a level */
  learn(cells: Uint16Array, threshold: number): void {
    this.#ageMs = 0;
    this.#brightness = 1;
    this.#mean.set(cells);
    this.#secondAgeMs.fill(0);
    // Unsure at first: the deviation shrinks to the real one within seconds.
    this.#deviation.fill((0.75 * threshold) / DEVIATIONS);
  }

  /**
   * Compares a frame with the model and then lets the model follow it.
   * @param threshold least difference that counts, sixteenths of a level
   * @param elapsedMs since the frame before
   * @param differs gets 1 for each cell of the foreground, 0 for the others
   */
  observe(cells: Uint16Array, threshold: number, elapsedMs: number, differs: Uint8Array): Observation {
    const [mean, deviation, unmasked, secondAgeMs] = [
      this.#mean,
      this.#deviation,
      this.#unmasked,
      this.#secondAgeMs,
    ];
    const before = this.#brightness;
    const brightness = this.#brightnessOf(cells);
    this.#brightness = brightness;
    const ageMs = (this.#ageMs ?? 0) + elapsedMs;
    this.#ageMs = ageMs;
    // While the model is young it is nearly the plain average of what it saw, as MOG2's is.
    const young = ageMs > 0 ? 0.5 * Math.min(1, elapsedMs / ageMs) : 0;
    const follow = Math.max(rate(elapsedMs, BACKGROUND_TAU_MS), young) / brightness;
    const spread = Math.max(rate(elapsedMs, DEVIATION_TAU_MS), young);
    const flicker = rate(elapsedMs, FLICKER_TAU_MS);
    const agingMs = Math.min(elapsedMs, MAX_AGING_MS);
    const limit = OUTLIER_LIMIT * threshold;
    let foreground = 0;
    for (let i = 0; i < cells.length; i++) {
      const difference = cells[i]! - mean[i]! * brightness;
      // No branch: noise has either sign, and a wrong guess for every second cell was a fifth of the gate's time.
      const size = Math.abs(difference);
      const usualSize = deviation[i]!;
      if (size > threshold && size > DEVIATIONS * usualSize && unmasked[i] === 1) {
        const settled = this.#settle(i, cells[i]!, threshold, agingMs);
        if (secondAgeMs[i] === 0) deviation[i] = usualSize + flicker * (Math.min(size, limit) - usualSize);
        differs[i] = settled ? 0 : 1;
        if (!settled) foreground += 1;
      } else {
        differs[i] = 0;
        mean[i] = mean[i]! + follow * difference;
        deviation[i] = usualSize + spread * (size - usualSize);
        if (secondAgeMs[i]! > 0) secondAgeMs[i] = Math.max(0, secondAgeMs[i]! - FORGET * agingMs);
      }
    }
    this.#rescale();
    return { gain: brightness / before, foreground };
  }

  /** Updates the second value of a cell that differs from its mean; true once it has stood still for long enough. */
  #settle(i: number, value: number, threshold: number, agingMs: number): boolean {
    const second = this.#second[i]! * this.#brightness;
    if (Math.abs(value - second) > threshold) {
      this.#second[i] = value / this.#brightness;
      this.#secondAgeMs[i] = 0;
      return false;
    }
    this.#second[i] = (second + 0.2 * (value - second)) / this.#brightness;
    const ageMs = this.#secondAgeMs[i]! + agingMs;
    this.#secondAgeMs[i] = ageMs;
    if (ageMs < STILL_AFTER_MS) return false;
    if (ageMs >= BACKGROUND_AFTER_MS) {
      // What was background is remembered as the second value: when the parked car drives off, the street is known.
      const mean = this.#mean[i]!;
      this.#mean[i] = this.#second[i]!;
      this.#second[i] = mean;
      this.#secondAgeMs[i] = 2 * STILL_AFTER_MS;
    }
    return true;
  }

  /** Median of new by usual brightness: objects on less than half of the picture do not move it. */
  #brightnessOf(cells: Uint16Array): number {
    const ratios = this.#ratios.fill(0);
    let count = 0;
    for (let i = 0; i < cells.length; i += RATIO_STEP) {
      const usual = this.#mean[i]!;
      if (usual < RATIO_MIN || this.#unmasked[i] === 0) continue;
      const bin = ((cells[i]! * RATIO_ONE) / usual + 0.5) | 0;
      ratios[bin < RATIO_BINS ? bin : RATIO_BINS - 1]! += 1;
      count += 1;
    }
    if (count === 0) return this.#brightness;
    let below = 0;
    let bin = 0;
    while (below + ratios[bin]! <= count / 2) below += ratios[bin++]!;
    // Never 0: a picture gone black is divided by it.
    return Math.max(1, bin - 0.5 + (count / 2 - below) / ratios[bin]!) / RATIO_ONE;
  }

  /** After hours of dusk the means are brought back to the present brightness, which the ratio's resolution needs. */
  #rescale(): void {
    const brightness = this.#brightness;
    if (brightness > 0.7 && brightness < 1.4) return;
    for (let i = 0; i < this.#mean.length; i++) {
      this.#mean[i] = this.#mean[i]! * brightness;
      this.#second[i] = this.#second[i]! * brightness;
    }
    this.#brightness = 1;
  }
}

/** Weight of a new value in an exponential average after so much time. */
function rate(elapsedMs: number, tauMs: number): number {
  return 1 - Math.exp(-elapsedMs / tauMs);
}
