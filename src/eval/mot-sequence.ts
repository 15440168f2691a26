import { iou } from '../flow/geometry.ts';

/** The boxes of one frame that are to be scored, and how well they overlap. */
export interface MotFrame {
  /** Index of the ground-truth object of each box, dense from 0 over the sequence. */
  readonly gtIds: Int32Array;
  /** Index of the track of each box, dense from 0 over the sequence. */
  readonly trackIds: Int32Array;
  /** IoU, row-major: one row per ground-truth box, one column per tracked box. */
  readonly similarity: Float64Array;
}

/** A sequence after preprocessing: what the metrics see. */
export interface MotSequence {
  readonly frames: readonly MotFrame[];
  readonly gtIdCount: number;
  readonly trackIdCount: number;
  /** The ids of the files, at the indices that `frames` use. */
  readonly gtNames: readonly number[];
  readonly trackNames: readonly number[];
}

export interface LabelledBox {
  readonly id: number;
  readonly leftPx: number;
  readonly topPx: number;
  readonly widthPx: number;
  readonly heightPx: number;
}

/** IoU of every ground-truth box with every tracked box, row-major. */
export function similarityOf(gt: readonly LabelledBox[], tracked: readonly LabelledBox[]): Float64Array {
  const similarity = new Float64Array(gt.length * tracked.length);
  const corners = tracked.map(cornersOf);
  for (let row = 0; row < gt.length; row += 1) {
    const box = cornersOf(gt[row]!);
    for (let col = 0; col < tracked.length; col += 1) {
      similarity[row * tracked.length + col] = iou(box, corners[col]!);
    }
  }
  return similarity;
}

function cornersOf(box: LabelledBox): readonly [number, number, number, number] {
  return [box.leftPx, box.topPx, box.leftPx + box.widthPx, box.topPx + box.heightPx];
}

/** Collects the frames of a sequence and numbers its identities densely. */
export class MotSequenceBuilder {
  readonly #frames: MotFrame[] = [];
  readonly #gtIndex = new Map<number, number>();
  readonly #trackIndex = new Map<number, number>();

  add(gt: readonly LabelledBox[], tracked: readonly LabelledBox[]): void {
    this.#frames.push({
      gtIds: Int32Array.from(gt, (box) => indexOf(this.#gtIndex, box.id)),
      trackIds: Int32Array.from(tracked, (box) => indexOf(this.#trackIndex, box.id)),
      similarity: similarityOf(gt, tracked),
    });
  }

  build(): MotSequence {
    return {
      frames: this.#frames,
      gtIdCount: this.#gtIndex.size,
      trackIdCount: this.#trackIndex.size,
      gtNames: [...this.#gtIndex.keys()],
      trackNames: [...this.#trackIndex.keys()],
    };
  }
}

function indexOf(index: Map<number, number>, id: number): number {
  const known = index.get(id);
  if (known !== undefined) return known;
  index.set(id, index.size);
  return index.size - 1;
}
