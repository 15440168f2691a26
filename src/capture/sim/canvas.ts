import { i420Bytes } from '../../flow/frame.ts';
import type { SizePx } from '../../flow/geometry.ts';
import { type Polygon, Rasteriser } from './raster.ts';
import type { Yuv } from './shapes.ts';

/** An I420 picture to draw outlines into. */
export class Canvas implements SizePx {
  readonly widthPx: number;
  readonly heightPx: number;
  readonly #luma: Rasteriser;
  readonly #chroma: Rasteriser;
  readonly #chromaWidthPx: number;
  readonly #chromaHeightPx: number;
  #data: Uint8Array;

  constructor(widthPx: number, heightPx: number) {
    this.widthPx = widthPx;
    this.heightPx = heightPx;
    this.#chromaWidthPx = (widthPx + 1) >> 1;
    this.#chromaHeightPx = (heightPx + 1) >> 1;
    this.#luma = new Rasteriser(widthPx, heightPx);
    this.#chroma = new Rasteriser(this.#chromaWidthPx, this.#chromaHeightPx);
    this.#data = new Uint8Array(i420Bytes(widthPx, heightPx));
  }

  get data(): Uint8Array {
    return this.#data;
  }

  /** Draws into somebody else's buffer from now on. */
  drawInto(data: Uint8Array): void {
    this.#data = data;
  }

  /** Fills an outline whose coordinates times (scaleX, scaleY) are this picture's pixels. */
  fill(polygon: Polygon, colour: Yuv, scaleX: number, scaleY: number, opacity = 1): void {
    this.#fillPlanes(polygon, scaleX, scaleY, (plane, base, width) => {
      const data = this.#data;
      const value = colour[plane];
      return (y, xFrom, xTo, coverage) => {
        let i = base + y * width + xFrom;
        for (let x = xFrom; x < xTo; x++, i++) {
          const amount = coverage[x]! * opacity;
          if (amount > 0) data[i] = data[i]! + (value - data[i]!) * Math.min(1, amount) + 0.5;
        }
      };
    });
  }

  /** Brings back the pixels of `from` inside an outline: something of the background that stands in front. */
  restore(polygon: Polygon, from: Uint8Array, scaleX: number, scaleY: number): void {
    this.#fillPlanes(polygon, scaleX, scaleY, (_plane, base, width) => {
      const data = this.#data;
      return (y, xFrom, xTo, coverage) => {
        let i = base + y * width + xFrom;
        for (let x = xFrom; x < xTo; x++, i++) {
          const amount = coverage[x]!;
          if (amount > 0) data[i] = data[i]! + (from[i]! - data[i]!) * Math.min(1, amount) + 0.5;
        }
      };
    });
  }

  /** Darkens (factor < 1) the luma inside an outline: a shadow. */
  darken(polygon: Polygon, factor: number, scaleX: number, scaleY: number): void {
    const data = this.#data;
    this.#luma.fill(polygon, scaleX, scaleY, 0, (y, xFrom, xTo, coverage) => {
      let i = y * this.widthPx + xFrom;
      for (let x = xFrom; x < xTo; x++, i++) {
        const amount = 1 - (1 - factor) * Math.min(1, coverage[x]!);
        data[i] = 16 + (data[i]! - 16) * amount + 0.5;
      }
    });
  }

  #fillPlanes(
    polygon: Polygon,
    scaleX: number,
    scaleY: number,
    rowsOf: (
      plane: 0 | 1 | 2,
      base: number,
      width: number,
    ) => (y: number, xFrom: number, xTo: number, coverage: Float32Array) => void,
  ): void {
    const lumaBytes = this.widthPx * this.heightPx;
    const chromaBytes = this.#chromaWidthPx * this.#chromaHeightPx;
    this.#luma.fill(polygon, scaleX, scaleY, 0, rowsOf(0, 0, this.widthPx));
    const u = rowsOf(1, lumaBytes, this.#chromaWidthPx);
    const v = rowsOf(2, lumaBytes + chromaBytes, this.#chromaWidthPx);
    this.#chroma.fill(polygon, scaleX / 2, scaleY / 2, 0, (y, xFrom, xTo, coverage) => {
      u(y, xFrom, xTo, coverage);
      v(y, xFrom, xTo, coverage);
    });
  }
}
