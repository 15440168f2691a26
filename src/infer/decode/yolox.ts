import type { SizePx } from '../../flow/geometry.ts';
import { gridCells, STRIDES } from '../../models/grid.ts';
import { hasObjectness, ROW_HEADER, scanRows } from './objectness.ts';
import type { OutputDecoder } from './output-decoder.ts';

/**
 * YOLOX (arXiv 2107.08430): rows of offsets in a grid cell, log sizes, objectness and class scores, level by level
 * (strides 8, 16, 32): centre = (offset + cell) * stride, size = exp(log size) * stride.
 */
export function yoloxDecoder(input: SizePx): OutputDecoder {
  const cells = gridCells(input);
  const { cellX, cellY, stride } = grid(input, cells);
  return {
    needsNms: true,

    fits: ([head], classes) => head?.rows === cells && head.columns === ROW_HEADER + classes,

    decode([output], minScore, classes, into): void {
      const { data } = output!;
      into.reset();
      scanRows(output!, minScore, classes, (index, row, score, classId) => {
        const scale = stride[index]!;
        const cx = (data[row]! + cellX[index]!) * scale;
        const cy = (data[row + 1]! + cellY[index]!) * scale;
        const width = Math.exp(data[row + 2]!) * scale;
        const height = Math.exp(data[row + 3]!) * scale;
        into.addCentred(cx, cy, width, height, score, classId);
      });
    },

    hasScore: ([output]) => hasObjectness(output!),
  };
}

/** Cell and stride of every row. */
function grid(input: SizePx, cells: number): { cellX: Uint16Array; cellY: Uint16Array; stride: Uint8Array } {
  const cellX = new Uint16Array(cells);
  const cellY = new Uint16Array(cells);
  const stride = new Uint8Array(cells);
  let i = 0;
  for (const step of STRIDES) {
    for (let y = 0; y < input.heightPx / step; y++) {
      for (let x = 0; x < input.widthPx / step; x++, i++) {
        cellX[i] = x;
        cellY[i] = y;
        stride[i] = step;
      }
    }
  }
  return { cellX, cellY, stride };
}
