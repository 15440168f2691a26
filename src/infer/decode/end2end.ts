import type { OutputDecoder } from './output-decoder.ts';

const COLUMNS = 6;

/** End-to-end heads (YOLOv10, YOLO26): rows of x1, y1, x2, y2 in input pixels, score, class; best first, no duplicates. */
export const end2endDecoder: OutputDecoder = {
  needsNms: false,

  fits: ([head]) => head?.columns === COLUMNS,

  decode(outputs, minScore, _classes, into): void {
    const { data, rows } = outputs[0]!;
    into.reset();
    for (let i = 0; i < rows; i++) {
      const row = i * COLUMNS;
      const score = data[row + 4]!;
      if (score < minScore) continue;
      into.add(data[row]!, data[row + 1]!, data[row + 2]!, data[row + 3]!, score, Math.round(data[row + 5]!));
    }
  },

  hasScore(outputs): boolean {
    const { data, rows } = outputs[0]!;
    for (let i = 0; i < rows; i++) {
      if (data[i * COLUMNS + 4]! > 0) return true;
    }
    return false;
  },
};
