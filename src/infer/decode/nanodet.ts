import type { SizePx } from '../../flow/geometry.ts';
import { NANODET_STRIDES } from '../../models/multi-output-heads.ts';
import { scanScores } from './box-scores.ts';
import type { Candidates } from './candidates.ts';
import type { HeadOutput, OutputDecoder } from './output-decoder.ts';
import { ScoreScale } from './score-scale.ts';

const LEVELS = NANODET_STRIDES.length;
const SIDES = 4;

/**
 * NanoDet (github.com/RangiLyu/nanodet, `NanoDetHead`): class maps of three levels, then their box maps. A box is the
 * distances of its sides from the centre of its cell, each the mean of a distribution over whole strides (Generalized
 * Focal Loss, arXiv 2006.04388). Exports differ in whether class scores have gone through the sigmoid: they have unless
 * a value outside 0..1 is seen.
 */
export function nanodetDecoder(input: SizePx): OutputDecoder {
  const scale = new ScoreScale();

  return {
    needsNms: true,

    fits: (outputs, classes) => {
      const maps = outputs.slice(0, LEVELS);
      const boxes = outputs.slice(LEVELS);
      return (
        boxes.length === LEVELS &&
        maps.every(({ rows, columns }, level) => columns === classes && rows === boxes[level]!.rows) &&
        boxes.every(({ columns }) => columns % SIDES === 0 && columns > SIDES)
      );
    },

    decode(outputs, minScore, classes, into): void {
      into.reset();
      scale.observe(outputs.slice(0, LEVELS));
      const threshold = scale.rawOf(minScore);
      NANODET_STRIDES.forEach((stride, level) => {
        const boxes = outputs[LEVELS + level]!;
        const across = Math.ceil(input.widthPx / stride);
        scanScores(outputs[level]!, threshold, classes, (cell, value, classId) => {
          addBox(boxes, cell, across, stride, scale.scoreOf(value), classId, into);
        });
      });
    },

    hasScore: (outputs) => scale.hasScore(outputs.slice(0, LEVELS)),
  };
}

function addBox(
  boxes: HeadOutput,
  cell: number,
  across: number,
  stride: number,
  score: number,
  classId: number,
  into: Candidates,
): void {
  const bins = boxes.columns / SIDES;
  const row = cell * boxes.columns;
  const cx = ((cell % across) + 0.5) * stride;
  const cy = (Math.floor(cell / across) + 0.5) * stride;
  const distance = (side: number) => stride * expectation(boxes.data, row + side * bins, bins);
  into.add(cx - distance(0), cy - distance(1), cx + distance(2), cy + distance(3), score, classId);
}

/** Mean of 0, 1, ... weighted by the softmax of `bins` values. */
function expectation(data: Float32Array, start: number, bins: number): number {
  let most = data[start]!;
  for (let i = 1; i < bins; i++) most = Math.max(most, data[start + i]!);
  let sum = 0;
  let weighted = 0;
  for (let i = 0; i < bins; i++) {
    const weight = Math.exp(data[start + i]! - most);
    sum += weight;
    weighted += i * weight;
  }
  return weighted / sum;
}
