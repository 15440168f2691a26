import type { Candidates } from './candidates.ts';
import type { HeadOutput, OutputDecoder } from './output-decoder.ts';

const BOX_ROWS = 4;

/**
 * YOLOv8, v9, v11, v12: one column per box, rows cx, cy, w, h in input pixels and then one row of scores per class.
 */
export function yolov8Decoder(): OutputDecoder {
  let best = new Float32Array(0);
  let bestClass = new Int32Array(0);

  function decodeBest(output: HeadOutput, minScore: number, into: Candidates): void {
    const { data, rows, columns: boxes } = output;
    if (best.length !== boxes) {
      best = new Float32Array(boxes);
      bestClass = new Int32Array(boxes);
    }
    best.fill(0);
    bestClass.fill(-1);
    // Class by class, because that is the order in memory; scores below the threshold, nearly all, cost one comparison.
    for (let classId = 0; classId < rows - BOX_ROWS; classId++) {
      const row = (BOX_ROWS + classId) * boxes;
      for (let i = 0; i < boxes; i++) {
        const score = data[row + i]!;
        if (score >= minScore && (score > best[i]! || bestClass[i]! < 0)) {
          best[i] = score;
          bestClass[i] = classId;
        }
      }
    }
    for (let i = 0; i < boxes; i++) {
      if (bestClass[i]! >= 0) addBox(output, i, best[i]!, bestClass[i]!, into);
    }
  }

  function decodeAll(output: HeadOutput, minScore: number, into: Candidates): void {
    const { data, rows, columns: boxes } = output;
    for (let classId = 0; classId < rows - BOX_ROWS; classId++) {
      const row = (BOX_ROWS + classId) * boxes;
      for (let i = 0; i < boxes; i++) {
        const score = data[row + i]!;
        if (score >= minScore) addBox(output, i, score, classId, into);
      }
    }
  }

  return {
    needsNms: true,

    fits: ([head], classes) => head?.rows === BOX_ROWS + classes,

    decode([output], minScore, classes, into): void {
      into.reset();
      if (classes === 'best') decodeBest(output!, minScore, into);
      else decodeAll(output!, minScore, into);
    },

    hasScore(outputs): boolean {
      const { data, columns: boxes } = outputs[0]!;
      for (let at = BOX_ROWS * boxes; at < data.length; at++) {
        if (data[at]! > 0) return true;
      }
      return false;
    },
  };
}

function addBox(output: HeadOutput, i: number, score: number, classId: number, into: Candidates): void {
  const { data, columns: boxes } = output;
  into.addCentred(data[i]!, data[boxes + i]!, data[2 * boxes + i]!, data[3 * boxes + i]!, score, classId);
}
