import type { SizePx } from '../../flow/geometry.ts';
import { FASTEST_ANCHORS, FASTEST_STRIDES } from '../../models/multi-output-heads.ts';
import type { OutputDecoder } from './output-decoder.ts';

/** Columns of a cell before its objectness: four box values per anchor. */
const BOXES = 4 * FASTEST_ANCHORS;
const HEADER = 5 * FASTEST_ANCHORS;

/**
 * YOLO-FastestV2 (github.com/dog-qiuqiu/Yolo-FastestV2): per level and cell three boxes, their objectness, and class
 * scores that the three share. All went through sigmoid or softmax in the graph. As in YOLOv5, centre =
 * (2 * value - 0.5 + cell) * stride and size = (2 * value)^2 * anchor.
 *
 * @param anchors width and height in pixels of the model's input: three of stride 16, then three of stride 32
 */
export function fastestDecoder(
  input: SizePx,
  anchors: readonly (readonly [number, number])[],
): OutputDecoder {
  return {
    needsNms: true,

    fits: (outputs, classes) =>
      outputs.length === FASTEST_STRIDES.length &&
      outputs.every(
        ({ rows, columns }, level) =>
          columns === HEADER + classes &&
          rows === (input.widthPx / FASTEST_STRIDES[level]!) * (input.heightPx / FASTEST_STRIDES[level]!),
      ),

    decode(outputs, minScore, classes, into): void {
      into.reset();
      FASTEST_STRIDES.forEach((stride, level) => {
        const { data, rows, columns } = outputs[level]!;
        const across = input.widthPx / stride;
        for (let cell = 0; cell < rows; cell++) {
          const row = cell * columns;
          for (let anchor = 0; anchor < FASTEST_ANCHORS; anchor++) {
            const objectness = data[row + BOXES + anchor]!;
            // Class scores are at most 1, so objectness alone rules out nearly every box.
            if (objectness < minScore) continue;
            const at = row + 4 * anchor;
            const [anchorWidth, anchorHeight] = anchors[level * FASTEST_ANCHORS + anchor]!;
            const cx = (2 * data[at]! - 0.5 + (cell % across)) * stride;
            const cy = (2 * data[at + 1]! - 0.5 + Math.floor(cell / across)) * stride;
            const width = (2 * data[at + 2]!) ** 2 * anchorWidth;
            const height = (2 * data[at + 3]!) ** 2 * anchorHeight;
            let best = row + HEADER;
            for (let value = row + HEADER; value < row + columns; value++) {
              if (data[value]! > data[best]!) best = value;
              const score = objectness * data[value]!;
              if (classes === 'all' && score >= minScore) {
                into.addCentred(cx, cy, width, height, score, value - row - HEADER);
              }
            }
            const score = objectness * data[best]!;
            if (classes === 'best' && score >= minScore) {
              into.addCentred(cx, cy, width, height, score, best - row - HEADER);
            }
          }
        }
      });
    },

    hasScore: (outputs) =>
      outputs.some(({ data, rows, columns }) => {
        for (let cell = 0; cell < rows; cell++) {
          const row = cell * columns;
          const objectness = data.subarray(row + BOXES, row + HEADER);
          const scores = data.subarray(row + HEADER, row + columns);
          if (objectness.some((value) => value > 0) && scores.some((value) => value > 0)) return true;
        }
        return false;
      }),
  };
}
