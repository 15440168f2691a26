import type { SizePx } from '../../flow/geometry.ts';
import { NANODET_STRIDES } from '../../models/multi-output-heads.ts';
import type { Candidates } from './candidates.ts';
import type { HeadOutput, OutputDecoder } from './output-decoder.ts';

const LEVELS = NANODET_STRIDES.length;
const SIDES = 4;

/**
 * NanoDet (github.com/RangiLyu/nanodet, `NanoDetHead`): class maps of three levels, then their box maps. A box is the
 * distances of its sides from the centre of its cell, each the mean of a distribution over whole strides (Generalized
 * Focal Loss, arXiv 2006.04388). Exports differ in whether class scores have gone through the sigmoid: they have unless
 * a value outside 0..1 is seen.
 */
export function nanodetDecoder(input: SizePx): OutputDecoder {
  let areLogits = false;

  function observe(outputs: readonly HeadOutput[]): void {
    if (!areLogits) areLogits = outputs.slice(0, LEVELS).some(({ data }) => hasLogits(data));
  }

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
      observe(outputs);
      const threshold = areLogits ? Math.log(minScore / (1 - minScore)) : minScore;
      const score = areLogits ? sigmoid : (value: number) => value;
      NANODET_STRIDES.forEach((stride, level) => {
        const { data, rows, columns } = outputs[level]!;
        const boxes = outputs[LEVELS + level]!;
        const across = Math.ceil(input.widthPx / stride);
        for (let cell = 0; cell < rows; cell++) {
          const row = cell * columns;
          let best = -1;
          for (let classId = 0; classId < columns; classId++) {
            const value = data[row + classId]!;
            if (value < threshold) continue;
            if (classes === 'all') addBox(boxes, cell, across, stride, score(value), classId, into);
            else if (best < 0 || value > data[row + best]!) best = classId;
          }
          if (best >= 0) addBox(boxes, cell, across, stride, score(data[row + best]!), best, into);
        }
      });
    },

    hasScore(outputs): boolean {
      observe(outputs);
      // A logit of any size is a score above zero.
      return areLogits || outputs.slice(0, LEVELS).some(({ data }) => data.some((value) => value > 0));
    },
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

function hasLogits(data: Float32Array): boolean {
  for (const value of data) if (value < 0 || value > 1) return true;
  return false;
}

function sigmoid(value: number): number {
  return 1 / (1 + Math.exp(-value));
}
