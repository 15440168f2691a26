import type { Page } from 'playwright-core';
import type { Scene } from '../../../src/capture/sim/scene.ts';
import { i420Bytes } from '../../../src/flow/frame.ts';

const GRAB = { widthPx: 416, heightPx: 234 };

/** What was on the screen at one instant: the picture, and the lower edge of what is drawn over it. */
export interface Grab {
  readonly captureAtMs: number;
  /** Grey values of the picture at `GRAB` size, row by row. */
  readonly luma: Uint8Array;
  /** The lowest row of the overlay that is painted, in 0..1 of the picture; null: nothing is painted. */
  readonly edge: { readonly left: number; readonly right: number; readonly y: number } | null;
}

/**
 * Reads picture and overlay off the page each time that the overlay is drawn for another picture. Both are read in the
 * same task, so they are what one frame of the browser shows.
 */
export async function grab(page: Page, count: number): Promise<Grab[]> {
  const raw = await page.evaluate(grabInPage, { count, ...GRAB });
  return raw.map(({ luma, ...rest }) => ({ ...rest, luma: new Uint8Array(Buffer.from(luma, 'base64')) }));
}

interface RawGrab extends Omit<Grab, 'luma'> {
  readonly luma: string;
}

/** Runs in the page; the DOM's types are not known here, so it is text to the compiler of the tests. */
const grabInPage = new Function(
  'options',
  `return new Promise((resolve) => {
    const { count, widthPx, heightPx } = options;
    const overlay = document.querySelector('.live-overlay');
    const small = document.createElement('canvas');
    small.width = widthPx;
    small.height = heightPx;
    const pen = small.getContext('2d', { willReadFrequently: true });
    const grabs = [];
    const read = () => {
      const captureAtMs = Number(overlay.dataset.captureAtMs);
      if (!captureAtMs || grabs.some((grab) => grab.captureAtMs === captureAtMs)) return;
      const surface = document.querySelector('.live-picture:not([hidden])');
      // A canvas may be given an older copy of a video's picture; a VideoFrame is the one that is shown.
      const frame = surface instanceof HTMLVideoElement ? new VideoFrame(surface) : surface;
      pen.drawImage(frame, 0, 0, widthPx, heightPx);
      if (frame instanceof VideoFrame) frame.close();
      const { data } = pen.getImageData(0, 0, widthPx, heightPx);
      let luma = '';
      for (let i = 0; i < data.length; i += 4) {
        luma += String.fromCharCode(Math.round(0.299 * data[i] + 0.587 * data[i + 1] + 0.114 * data[i + 2]));
      }
      grabs.push({ captureAtMs, luma: btoa(luma), edge: lowestRow() });
      if (grabs.length < count) return;
      observer.disconnect();
      resolve(grabs);
    };
    const lowestRow = () => {
      const { width, height } = overlay;
      const { data } = overlay.getContext('2d').getImageData(0, 0, width, height);
      for (let y = height - 1; y >= 0; y--) {
        const painted = [];
        for (let x = 0; x < width; x++) if (data[(y * width + x) * 4 + 3] > 200) painted.push(x);
        if (painted.length > 4) {
          return { left: painted[0] / width, right: (painted.at(-1) + 1) / width, y: (y + 1) / height };
        }
      }
      return null;
    };
    const observer = new MutationObserver(read);
    observer.observe(overlay, { attributes: true, attributeFilter: ['data-capture-at-ms'] });
  })`,
) as (options: { count: number; widthPx: number; heightPx: number }) => Promise<RawGrab[]>;

/** Tells the time of a scene off its pictures. */
export class SceneClock {
  readonly #scene: Scene;
  readonly #drawn = new Map<number, Uint8Array>();

  constructor(scene: Scene) {
    this.#scene = scene;
  }

  /** The time, of those given, at which the scene looks most like the picture. */
  timeOf(luma: Uint8Array, candidatesMs: readonly number[]): number {
    let best = Number.NaN;
    let least = Number.POSITIVE_INFINITY;
    for (const tMs of candidatesMs) {
      const drawn = this.#lumaAt(tMs);
      let difference = 0;
      for (let i = 0; i < drawn.length; i++) difference += Math.abs(drawn[i]! - luma[i]!);
      if (difference < least) [least, best] = [difference, tMs];
    }
    return best;
  }

  #lumaAt(tMs: number): Uint8Array {
    const known = this.#drawn.get(tMs);
    if (known !== undefined) return known;
    const { widthPx, heightPx } = GRAB;
    const data = new Uint8Array(i420Bytes(widthPx, heightPx));
    this.#scene.draw(tMs, { ...GRAB, data });
    // From the limited range of video to that of a screen.
    const luma = data
      .subarray(0, widthPx * heightPx)
      .map((y) => Math.max(0, Math.min(255, (y - 16) * 1.164)));
    this.#drawn.set(tMs, luma);
    return luma;
  }
}
