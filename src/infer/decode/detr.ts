import type { SizePx } from '../../flow/geometry.ts';
import { BoxesFirst, scanScores } from './box-scores.ts';
import type { OutputDecoder } from './output-decoder.ts';
import { ScoreScale } from './score-scale.ts';

/**
 * RT-DETR (arXiv 2304.08069), D-FINE (arXiv 2410.13842) and others with queries and a sigmoid per class: centre and size of a box
 * as parts 0..1 of the input, and a logit per class, to which some exports have applied the sigmoid. One query is one object.
 */
export function detrDecoder({ widthPx, heightPx }: SizePx): OutputDecoder {
  const scale = new ScoreScale();
  // Boxes are parts of the picture; logits of many queries and classes never all are.
  const inOrder = new BoxesFirst((data) => data.some((value) => value < 0 || value > 1));

  return {
    needsNms: false,

    fits: ([boxes, scores], classes) =>
      boxes?.columns === 4 && scores?.columns === classes && boxes.rows === scores.rows,

    decode(outputs, minScore, classes, into): void {
      into.reset();
      const [boxes, scores] = inOrder.order(outputs);
      scale.observe([scores]);
      const { data } = boxes;
      scanScores(scores, scale.rawOf(minScore), classes, (row, value, classId) => {
        const at = 4 * row;
        const [cx, cy] = [data[at]! * widthPx, data[at + 1]! * heightPx];
        const [width, height] = [data[at + 2]! * widthPx, data[at + 3]! * heightPx];
        into.addCentred(cx, cy, width, height, scale.scoreOf(value), classId);
      });
    },

    hasScore: (outputs) => scale.hasScore([inOrder.order(outputs)[1]]),
  };
}
