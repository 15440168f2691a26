import type { SizePx } from '../../flow/geometry.ts';
import { STRIDES } from '../../models/grid.ts';
import { RAW_ANCHORS, RAW_HEADER } from '../../models/raw-anchor-head.ts';
import type { HeadShape, OutputDecoder } from './output-decoder.ts';
import { ScoreScale } from './score-scale.ts';

/** Where the values of one level lie: `anchor * perAnchor + cell * perCell + value * perValue`. */
interface Strides {
  readonly values: number;
  readonly perAnchor: number;
  readonly perCell: number;
  readonly perValue: number;
}

/**
 * YOLOv5 and v7 without the decoding of boxes (github.com/ultralytics/yolov5, `Detect`), and YOLOv5-Lite: per level, anchor and cell
 * x, y, width, height, objectness and class scores. After the sigmoid, which some exports apply and some leave out, centre =
 * (2 * value - 0.5 + cell) * stride and size = (2 * value)^2 * anchor.
 *
 * @param anchors width and height in pixels of the model's input: three for each of the strides 8, 16 and 32
 */
export function yolov5RawDecoder(
  input: SizePx,
  anchors: readonly (readonly [number, number])[],
): OutputDecoder {
  const scale = new ScoreScale();

  return {
    needsNms: true,

    fits: (outputs, classes) =>
      outputs.length === STRIDES.length &&
      outputs.every(
        (output, level) => stridesOf(output, gridOf(input, level))?.values === RAW_HEADER + classes,
      ),

    decode(outputs, minScore, classes, into): void {
      into.reset();
      scale.observe(outputs);
      const threshold = scale.rawOf(minScore);
      outputs.forEach((output, level) => {
        const grid = gridOf(input, level);
        const { data } = output;
        const { values, perAnchor, perCell, perValue } = stridesOf(output, grid)!;
        const cells = grid.rows * grid.across;
        const stride = STRIDES[level]!;
        for (let anchor = 0; anchor < RAW_ANCHORS; anchor++) {
          const [anchorWidth, anchorHeight] = anchors[level * RAW_ANCHORS + anchor]!;
          for (let cell = 0; cell < cells; cell++) {
            const at = anchor * perAnchor + cell * perCell;
            // Class scores are at most 1, so objectness alone rules out nearly every box.
            if (data[at + 4 * perValue]! < threshold) continue;
            const value = (index: number) => scale.scoreOf(data[at + index * perValue]!);
            const objectness = value(4);
            const cx = (2 * value(0) - 0.5 + (cell % grid.across)) * stride;
            const cy = (2 * value(1) - 0.5 + Math.floor(cell / grid.across)) * stride;
            const width = (2 * value(2)) ** 2 * anchorWidth;
            const height = (2 * value(3)) ** 2 * anchorHeight;
            let best = RAW_HEADER;
            for (let index = RAW_HEADER; index < values; index++) {
              if (data[at + index * perValue]! > data[at + best * perValue]!) best = index;
              const score = classes === 'all' ? objectness * value(index) : -1;
              if (score >= minScore) into.addCentred(cx, cy, width, height, score, index - RAW_HEADER);
            }
            const score = classes === 'best' ? objectness * value(best) : -1;
            if (score >= minScore) into.addCentred(cx, cy, width, height, score, best - RAW_HEADER);
          }
        }
      });
    },

    hasScore(outputs): boolean {
      scale.observe(outputs);
      // A logit of any size is a score above zero.
      if (scale.areLogits) return true;
      return outputs.some((output, level) => {
        const grid = gridOf(input, level);
        const { perAnchor, perCell, perValue } = stridesOf(output, grid)!;
        const cells = grid.rows * grid.across;
        for (let box = 0; box < RAW_ANCHORS * cells; box++) {
          const at = Math.floor(box / cells) * perAnchor + (box % cells) * perCell;
          if (output.data[at + 4 * perValue]! > 0) return true;
        }
        return false;
      });
    },
  };
}

interface Grid {
  readonly rows: number;
  readonly across: number;
}

function gridOf(input: SizePx, level: number): Grid {
  const stride = STRIDES[level]!;
  return { rows: input.heightPx / stride, across: input.widthPx / stride };
}

function stridesOf({ axes }: HeadShape, { rows, across }: Grid): Strides | undefined {
  const cells = rows * across;
  const [first, second, third, fourth] = axes;
  if (axes.length === 4 && first === RAW_ANCHORS && second === rows && third === across) {
    const values = fourth!;
    return { values, perAnchor: cells * values, perCell: values, perValue: 1 };
  }
  if (axes.length !== 3) return undefined;
  if (second === rows && third === across) {
    const values = first! / RAW_ANCHORS;
    return { values, perAnchor: values * cells, perCell: 1, perValue: cells };
  }
  if (first === rows && second === across) {
    const values = third! / RAW_ANCHORS;
    return { values, perAnchor: values, perCell: third!, perValue: 1 };
  }
  return undefined;
}
