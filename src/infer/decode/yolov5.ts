import { hasObjectness, ROW_HEADER, scanRows } from './objectness.ts';
import type { OutputDecoder } from './output-decoder.ts';

/** YOLOv5 and v7: rows of cx, cy, w, h in input pixels, objectness and class scores, all decoded by the graph. */
export const yolov5Decoder: OutputDecoder = {
  needsNms: true,

  fits: ([head], classes) => head?.columns === ROW_HEADER + classes,

  decode([output], minScore, classes, into): void {
    const { data } = output!;
    into.reset();
    scanRows(output!, minScore, classes, (_index, row, score, classId) => {
      into.addCentred(data[row]!, data[row + 1]!, data[row + 2]!, data[row + 3]!, score, classId);
    });
  },

  hasScore: ([output]) => hasObjectness(output!),
};
