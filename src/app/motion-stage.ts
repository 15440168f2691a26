import { isDeepStrictEqual } from 'node:util';
import type { MotionConfig } from '../config/camera-schema.ts';
import type { Frame } from '../flow/frame.ts';
import { InferenceGate } from '../motion/inference-gate.ts';
import { MotionGate, type MotionResult, STILL } from '../motion/motion-gate.ts';
import { MotionReport } from './motion-report.ts';

/** While every frame is inferred anyway, motion only matters to those who watch it, and is looked for no more often than this. */
const MOTION_PERIOD_MS = 180;

/** One camera's motion: whether something moves, who is told, and which frames are worth inferring. */
export class MotionStage {
  readonly #report: MotionReport;
  #config: MotionConfig;
  #motionGate: MotionGate;
  #inferenceGate: InferenceGate;
  #observedMonoMs = Number.NEGATIVE_INFINITY;

  /** @param told hears when motion begins and when it is over */
  constructor(config: MotionConfig, told: (moving: boolean) => void) {
    this.#config = config;
    this.#report = new MotionReport(told);
    this.#motionGate = new MotionGate(config);
    this.#inferenceGate = new InferenceGate(config);
  }

  get moving(): boolean {
    return this.#report.moving;
  }

  /** Goes by another configuration from the next frame on, and learns the picture anew; the same one changes nothing. */
  apply(config: MotionConfig): void {
    if (isDeepStrictEqual(this.#config, config)) return;
    this.#config = config;
    this.#motionGate = new MotionGate(config);
    this.#inferenceGate = new InferenceGate(config);
  }

  /**
   * Whether a frame is worth inferring.
   * @param following how many objects are followed, believed or not yet
   * @param sceneChanged called when the picture changed as a whole
   */
  look(frame: Frame, following: () => number, sceneChanged: () => void): boolean {
    const atMonoMs = frame.times.captureMonoMs;
    const motion = this.#observe(frame, following());
    this.#report.look(motion.moving, atMonoMs);
    if (motion.sceneChange) sceneChanged();
    return this.#inferenceGate.shouldInfer({ atMonoMs, motion, liveTracks: following() }) !== null;
  }

  #observe(frame: Frame, following: number): MotionResult {
    const elapsedMs = frame.times.captureMonoMs - this.#observedMonoMs;
    const isNeeded = !this.#inferenceGate.infersAnyway(following);
    if (!isNeeded && elapsedMs < MOTION_PERIOD_MS) return STILL;
    this.#observedMonoMs = frame.times.captureMonoMs;
    return this.#motionGate.observe(frame);
  }
}
