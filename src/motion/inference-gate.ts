import type { MotionConfig } from '../config/camera-schema.ts';
import type { MotionResult } from './motion-gate.ts';

/**
 * Why a frame is inferred:
 * - `always`: the gate is off
 * - `scene_change`: the picture changed as a whole a moment ago, so what is known of it has to be checked
 * - `motion`: something moves, or did a moment ago
 * - `tracks`: objects are being followed
 * - `heartbeat`: nothing happened for long
 */
export type InferReason = 'always' | 'scene_change' | 'motion' | 'tracks' | 'heartbeat';

export interface InferenceGateInput {
  /** Capture time of the frame, monotonic. */
  readonly atMonoMs: number;
  readonly motion: MotionResult;
  /** Objects that the tracker follows, believed or not yet. */
  readonly liveTracks: number;
}

/** Who stands still for a moment, or turns, is still looked at. */
const MOTION_LINGER_MS = 1_500;
/** After a change of the scene the background is new, and what moves in it not yet told from it. */
const SCENE_CHECK_MS = 3_000;

/** Decides which frames are worth inferring. Time comes in with the frames: the same frames give the same decisions. */
export class InferenceGate {
  readonly #mode: MotionConfig['mode'];
  readonly #heartbeatMs: number;
  #inferredMonoMs = Number.NEGATIVE_INFINITY;
  #movedMonoMs = Number.NEGATIVE_INFINITY;
  #sceneMonoMs = Number.NEGATIVE_INFINITY;

  constructor(options: Pick<MotionConfig, 'mode' | 'heartbeatMs'>) {
    this.#mode = options.mode;
    this.#heartbeatMs = options.heartbeatMs;
  }

  /** True while every frame is inferred, whatever moves in it. */
  infersAnyway(liveTracks: number): boolean {
    return this.#mode === 'off' || liveTracks > 0;
  }

  /** Why to infer this frame; null: leave it. */
  shouldInfer(input: InferenceGateInput): InferReason | null {
    const { atMonoMs, motion } = input;
    if (motion.moving) this.#movedMonoMs = atMonoMs;
    if (motion.sceneChange) this.#sceneMonoMs = atMonoMs;
    const reason = this.#reason(input);
    if (reason !== null) this.#inferredMonoMs = atMonoMs;
    return reason;
  }

  #reason({ atMonoMs, liveTracks }: InferenceGateInput): InferReason | null {
    if (this.#mode === 'off') return 'always';
    if (atMonoMs - this.#sceneMonoMs <= SCENE_CHECK_MS) return 'scene_change';
    if (atMonoMs - this.#movedMonoMs <= MOTION_LINGER_MS) return 'motion';
    if (liveTracks > 0) return 'tracks';
    return atMonoMs - this.#inferredMonoMs >= this.#heartbeatMs ? 'heartbeat' : null;
  }
}
