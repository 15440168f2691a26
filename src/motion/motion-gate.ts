import type { MotionConfig } from '../config/camera-schema.ts';
import type { FrameTimes } from '../flow/frame.ts';
import type { BoxNorm, SizePx } from '../flow/geometry.ts';
import { BackgroundModel } from './background-model.ts';
import { unmaskedCells } from './mask.ts';
import { type Region, RegionFinder } from './regions.ts';
import { SmallLuma } from './small-luma.ts';

/** What a frame says about motion. */
export interface MotionResult {
  /** Something in the picture moves, or stands where it did not before. */
  readonly moving: boolean;
  /** Share of the unmasked picture that moves, 0..1. */
  readonly areaFraction: number;
  readonly boxesNorm: readonly BoxNorm[];
  /** The whole picture changed at once (light switched, infrared filter, camera moved): no object, and learned anew. */
  readonly sceneChange: boolean;
}

/** The part of a frame that the gate reads: an I420 picture and when it was taken. */
export interface MotionFrame extends SizePx {
  readonly data: Uint8Array;
  readonly times: Pick<FrameTimes, 'captureMonoMs'>;
}

/** A change of this share of the picture is one of the scene, not of something in it. */
const SCENE_AREA = 0.6;
/** So is a jump of the brightness by this factor, as a logarithm; daylight moves more slowly than `LIGHT_DRIFT_PER_S`. */
const SCENE_GAIN = 0.14;
const LIGHT_DRIFT_PER_S = 0.04;

/** Regions so many times the least size count at once; smaller ones need one nearby in the frame before. */
const SURE_SIZE = 4;
/** After a longer gap between frames nothing small can be confirmed, and is believed. */
const CONFIRM_WITHIN_MS = 1_000;

/** Nothing moves. */
export const STILL: MotionResult = { moving: false, areaFraction: 0, boxesNorm: [], sceneChange: false };

/** Tells frames with motion from frames without, cheaply: a quarter of a millisecond for 416x234 (`ocellus bench` measures it). One per camera. */
export class MotionGate {
  readonly #masks: MotionConfig['masks'];
  /** Least difference that counts, sixteenths of a luma level. */
  readonly #threshold: number;
  /** Least size of a region, cells of 1/104 of the picture's width. */
  readonly #minCells: number;
  #stage: Stage | undefined;
  #lastMonoMs = 0;
  /** Regions of the frame before. */
  #before: readonly Region[] = [];

  constructor(options: Pick<MotionConfig, 'sensitivity' | 'masks'>) {
    this.#masks = options.masks;
    // From 24 levels and 12 cells (sensitivity 0) to 4 levels and 1 cell (1), evenly in the logarithm.
    this.#threshold = 16 * 24 * (4 / 24) ** options.sensitivity;
    this.#minCells = 12 * (1 / 12) ** options.sensitivity;
  }

  /**
   * Looks at one frame; frames come in order of their times, at any intervals. The first frame is the first idea of the
   * background and never moves.
   */
  observe(frame: MotionFrame): MotionResult {
    const stage = this.#stageFor(frame);
    stage.luma.take(frame.data, frame.widthPx);
    const { cells } = stage.luma;
    const elapsedMs = Math.max(0, frame.times.captureMonoMs - this.#lastMonoMs);
    this.#lastMonoMs = frame.times.captureMonoMs;
    if (stage.model.isEmpty) {
      stage.model.learn(cells, this.#threshold);
      return STILL;
    }
    const { gain, foreground } = stage.model.observe(cells, this.#threshold, elapsedMs, stage.differs);
    const changed = foreground / stage.unmasked;
    const jump = Math.abs(Math.log(gain));
    if (changed > SCENE_AREA || jump > SCENE_GAIN + (LIGHT_DRIFT_PER_S * elapsedMs) / 1000) {
      stage.model.learn(cells, this.#threshold);
      this.#before = [];
      return { moving: false, areaFraction: changed, boxesNorm: [], sceneChange: true };
    }
    const found = foreground === 0 ? [] : stage.regions.find(stage.differs, this.#minCells);
    const before = this.#before;
    this.#before = found;
    const regions = found.filter(
      (region) =>
        elapsedMs > CONFIRM_WITHIN_MS ||
        region.cells >= SURE_SIZE * this.#minCells ||
        before.some((earlier) => near(region.boxNorm, earlier.boxNorm)),
    );
    if (regions.length === 0) return STILL;
    const cellsMoving = regions.reduce((sum, region) => sum + region.cells, 0);
    return {
      moving: true,
      areaFraction: cellsMoving / stage.unmasked,
      boxesNorm: regions.map(({ boxNorm }) => boxNorm),
      sceneChange: false,
    };
  }

  #stageFor(size: SizePx): Stage {
    const known = this.#stage;
    if (known?.widthPx === size.widthPx && known.heightPx === size.heightPx) return known;
    this.#stage = createStage(size, this.#masks);
    return this.#stage;
  }
}

/** Whether a region, grown by its own size on each side, touches another: raindrops do not, walkers do. */
function near([x1, y1, x2, y2]: BoxNorm, other: BoxNorm): boolean {
  const [width, height] = [x2 - x1, y2 - y1];
  return x1 - width < other[2] && x2 + width > other[0] && y1 - height < other[3] && y2 + height > other[1];
}

/** Buffers for one size of frame. */
interface Stage extends SizePx {
  readonly luma: SmallLuma;
  readonly model: BackgroundModel;
  readonly regions: RegionFinder;
  readonly differs: Uint8Array;
  /** Cells that count, at least 1. */
  readonly unmasked: number;
}

function createStage({ widthPx, heightPx }: SizePx, masks: MotionConfig['masks']): Stage {
  const luma = new SmallLuma({ widthPx, heightPx });
  const unmasked = unmaskedCells(luma.width, luma.height, masks);
  return {
    widthPx,
    heightPx,
    luma,
    model: new BackgroundModel(unmasked),
    regions: new RegionFinder(luma.width, luma.height),
    differs: new Uint8Array(unmasked.length),
    unmasked: Math.max(
      1,
      unmasked.reduce((sum, cell) => sum + cell, 0),
    ),
  };
}
