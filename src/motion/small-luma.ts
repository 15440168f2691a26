import type { SizePx } from '../flow/geometry.ts';

/** Cells along the wider side that the downscaling aims at. */
const TARGET_CELLS = 104;

/** A picture's luma as area averages of square blocks. */
export class SmallLuma {
  /** Cells per row and per column. */
  readonly width: number;
  readonly height: number;
  /** Side of a block, pixels. */
  readonly blockPx: number;
  /** Mean luma of each cell in sixteenths of a level, 0..4080, row by row. */
  readonly cells: Uint16Array;
  readonly #sums: Int32Array;

  constructor(size: SizePx) {
    this.blockPx = Math.max(1, Math.round(Math.max(size.widthPx, size.heightPx) / TARGET_CELLS));
    // What is left over at the right and the bottom is less than a block and is not looked at.
    this.width = Math.max(1, Math.floor(size.widthPx / this.blockPx));
    this.height = Math.max(1, Math.floor(size.heightPx / this.blockPx));
    this.cells = new Uint16Array(this.width * this.height);
    this.#sums = new Int32Array(this.width);
  }

  /** Averages the luma plane of an I420 picture whose rows are `widthPx` apart. */
  take(luma: Uint8Array, widthPx: number): void {
    const { width, height, blockPx, cells } = this;
    const inWords = blockPx === 4 && widthPx % 4 === 0 && luma.byteOffset % 4 === 0;
    if (inWords) {
      this.#takeWords(new Int32Array(luma.buffer, luma.byteOffset, luma.length >> 2), widthPx);
      return;
    }
    const sums = this.#sums;
    const scale = 16 / (blockPx * blockPx);
    for (let row = 0; row < height; row++) {
      this.#sumRow(luma, row * blockPx * widthPx, widthPx);
      const base = row * width;
      for (let column = 0; column < width; column++) cells[base + column] = sums[column]! * scale;
    }
  }

  #sumRow(luma: Uint8Array, start: number, widthPx: number): void {
    const { width, blockPx } = this;
    const sums = this.#sums.fill(0);
    for (let line = 0; line < blockPx; line++) {
      let i = start + line * widthPx;
      for (let column = 0; column < width; column++) {
        let sum = 0;
        for (const end = i + blockPx; i < end; i++) sum += luma[i]!;
        sums[column]! += sum;
      }
    }
  }

  /**
   * Blocks of four by four: four pixels a read, added two by two in the halves of a word. Half the gate's time else. The sum
   * of sixteen is their mean in sixteenths.
   */
  #takeWords(words: Int32Array, widthPx: number): void {
    const { width, height, cells } = this;
    const wordsPerLine = widthPx >> 2;
    const pairs = 0x00ff00ff;
    for (let row = 0, cell = 0; row < height; row++) {
      const start = row * widthPx;
      for (let column = 0; column < width; column++, cell++) {
        let halves = 0;
        for (let line = 0, i = start + column; line < 4; line++, i += wordsPerLine) {
          const four = words[i]!;
          halves += (four & pairs) + ((four >>> 8) & pairs);
        }
        cells[cell] = (halves & 0xffff) + (halves >>> 16);
      }
    }
  }
}
