import type { SizePx } from '../../flow/geometry.ts';
import type { HeadOutput, OutputDecoder } from './output-decoder.ts';

/**
 * Detections that the graph has finished: corners x1, y1, x2, y2 in pixels of the input, scores and class numbers. torchvision,
 * Detectron2, and RT-DETR as deployed, when it is told the size of its input.
 */
export const cornerListDecoder: OutputDecoder = {
  needsNms: false,
  listColumns: [4, 1, 1],

  fits: ([boxes, scores, classes]) => boxes?.rows === scores?.rows && boxes?.rows === classes?.rows,

  decode([boxes, scores, classes], minScore, _classes, into): void {
    into.reset();
    const { data } = boxes!;
    for (let i = 0; i < scores!.rows; i++) {
      const score = scores!.data[i]!;
      if (score < minScore) continue;
      const at = 4 * i;
      into.add(data[at]!, data[at + 1]!, data[at + 2]!, data[at + 3]!, score, classes!.data[i]!);
    }
  },

  hasScore: ([, scores]) => anyAbove(scores!, scores!.rows),
};

/**
 * TensorFlow's Object Detection API (github.com/tensorflow/models, research/object_detection): lists of a fixed length of which the
 * first so many count as a fourth output says, y1, x1, y2, x2 as parts 0..1 of the input. Scores and classes both come as floats,
 * in an order that depends on the exporter: classes are whole and from 1, scores are parts of 1.
 */
export function tfOdDecoder({ widthPx, heightPx }: SizePx): OutputDecoder {
  let isSwapped: boolean | undefined;

  function inOrder(outputs: readonly HeadOutput[]): {
    scores: HeadOutput;
    classes: HeadOutput;
    count: number;
  } {
    const [boxes, first, second, number] = outputs as readonly HeadOutput[];
    const count = Math.min(boxes!.rows, Math.max(0, Math.round(number!.data[0]!)));
    if (isSwapped === undefined) {
      const [a, b] = [kindOf(first!, count), kindOf(second!, count)];
      if (a !== b) isSwapped = a === 'classes' || b === 'scores';
    }
    const [scores, classes] = isSwapped === true ? [second!, first!] : [first!, second!];
    return { scores, classes, count };
  }

  return {
    needsNms: false,
    listColumns: [4, 1, 1, 1],

    fits: ([boxes, scores, classes, count]) =>
      boxes?.rows === scores?.rows && boxes?.rows === classes?.rows && count?.rows === 1,

    decode(outputs, minScore, _classes, into): void {
      into.reset();
      const { data } = outputs[0]!;
      const { scores, classes, count } = inOrder(outputs);
      for (let i = 0; i < count; i++) {
        const score = scores.data[i]!;
        if (score < minScore) continue;
        const at = 4 * i;
        const [y1, x1] = [data[at]! * heightPx, data[at + 1]! * widthPx];
        const [y2, x2] = [data[at + 2]! * heightPx, data[at + 3]! * widthPx];
        into.add(x1, y1, x2, y2, score, Math.round(classes.data[i]!));
      }
    },

    hasScore(outputs): boolean | undefined {
      const { scores, count } = inOrder(outputs);
      return anyAbove(scores, count);
    },
  };
}

/** What so many values can only be: parts of 1 are scores, and whole numbers above 1 classes. Undefined where they may be either. */
function kindOf({ data }: HeadOutput, count: number): 'scores' | 'classes' | undefined {
  let most = 0;
  for (let i = 0; i < count; i++) {
    if (!Number.isInteger(data[i])) return 'scores';
    most = Math.max(most, data[i]!);
  }
  return most > 1 ? 'classes' : undefined;
}

function anyAbove({ data }: HeadOutput, count: number): boolean | undefined {
  if (count === 0) return undefined;
  for (let i = 0; i < count; i++) if (data[i]! > 0) return true;
  return false;
}
