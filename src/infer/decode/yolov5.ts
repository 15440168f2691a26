import type { Candidates } from './candidates.ts';
import { bestClass, hasObjectness, ROW_HEADER } from './objectness.ts';
import type { HeadOutput, OutputDecoder } from './output-decoder.ts';

/** YOLOv5 and v7: rows of cx, cy, w, h in input pixels, objectness and class scores, all decoded by the graph. */
export const yolov5Decoder: OutputDecoder = {
  needsNms: true,

  fits: (_rows, columns, classes) => columns === ROW_HEADER + classes,

  decode({ data, rows, columns }: HeadOutput, minScore: number, into: Candidates): void {
    into.reset(rows);
    for (let i = 0; i < rows; i++) {
      const row = i * columns;
      const objectness = data[row + 4]!;
      // Class scores are at most 1, so objectness alone rules out nearly every row.
      if (objectness < minScore) continue;
      const classId = bestClass(data, row, columns);
      const score = objectness * data[row + ROW_HEADER + classId]!;
      if (score < minScore) continue;
      const cx = data[row]!;
      const cy = data[row + 1]!;
      const halfWidth = data[row + 2]! / 2;
      const halfHeight = data[row + 3]! / 2;
      into.add(cx - halfWidth, cy - halfHeight, cx + halfWidth, cy + halfHeight, score, classId);
    }
  },

  hasScore: hasObjectness,
};
