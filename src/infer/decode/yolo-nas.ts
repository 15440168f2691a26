import { BoxesFirst, scanScores } from './box-scores.ts';
import type { OutputDecoder } from './output-decoder.ts';

/**
 * YOLO-NAS (github.com/Deci-AI/super-gradients): a row per cell of x1, y1, x2, y2 in pixels of the input, and of scores that have
 * gone through the sigmoid.
 */
export function yoloNasDecoder(): OutputDecoder {
  const inOrder = new BoxesFirst((data) => data.every((value) => value >= 0 && value <= 1));

  return {
    needsNms: true,

    fits: ([boxes, scores], classes) =>
      boxes?.columns === 4 && scores?.columns === classes && boxes.rows === scores.rows,

    decode(outputs, minScore, classes, into): void {
      into.reset();
      const [boxes, scores] = inOrder.order(outputs);
      const { data } = boxes;
      scanScores(scores, minScore, classes, (row, score, classId) => {
        const at = 4 * row;
        into.add(data[at]!, data[at + 1]!, data[at + 2]!, data[at + 3]!, score, classId);
      });
    },

    hasScore: (outputs) => inOrder.order(outputs)[1].data.some((value) => value > 0),
  };
}
