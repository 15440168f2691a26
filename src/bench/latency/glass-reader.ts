import type { Page } from 'playwright-core';
import {
  readTimeCode,
  TIME_CODE_CELLS,
  TIME_CODE_HEIGHT,
  TIME_CODE_PERIOD_MS,
} from '../../capture/sim/time-code.ts';

/** A picture as it was on the screen. */
export interface ShownPicture {
  /** When it was shown, ms since the epoch. */
  readonly shownAtMs: number;
  /** How long before that it was captured, as the time code in it says. */
  readonly ageMs: number;
}

export interface ShownPictures {
  readonly pictures: readonly ShownPicture[];
  /** Shown, but without a time that could be read. */
  readonly unread: number;
}

interface RawPicture {
  readonly shownAtMs: number;
  /** Of the middle of each cell. */
  readonly luma: readonly number[];
}

/**
 * Begins to read the time code of every picture that the page shows, with nothing done to the player: from the page's own video
 * or canvas, in the callback in which it has a new picture. Runs in the page, and is text because only there the DOM exists.
 */
const BEGIN = `(({ cells, height }) => {
  const pen = new OffscreenCanvas(cells * 8, 8).getContext('2d', { willReadFrequently: true });
  const pictures = (window.shownPictures = []);
  const read = (picture, widthPx, heightPx) => {
    const shownAtMs = performance.timeOrigin + performance.now();
    pen.drawImage(picture, 0, heightPx * height * 0.3, widthPx, heightPx * height * 0.4, 0, 0, cells * 8, 8);
    const { data } = pen.getImageData(0, 4, cells * 8, 1);
    pictures.push({ shownAtMs, luma: Array.from({ length: cells }, (_, cell) => data[(cell * 8 + 4) * 4 + 1]) });
  };
  const video = document.querySelector('video.live-picture');
  const onFrame = () => {
    video.requestVideoFrameCallback(onFrame);
    // A canvas may be given an older copy of a video's picture; a VideoFrame is the one that is shown.
    const frame = new VideoFrame(video);
    read(frame, frame.displayWidth, frame.displayHeight);
    frame.close();
  };
  video.requestVideoFrameCallback(onFrame);
  const canvas = document.querySelector('canvas.live-picture');
  const overlay = document.querySelector('.live-overlay');
  let last;
  new MutationObserver(() => {
    // The overlay is drawn again when tracks come; the picture is the same then.
    const { captureAtMs } = overlay.dataset;
    if (!canvas.hidden && captureAtMs !== last) read(canvas, canvas.width, canvas.height);
    last = captureAtMs;
  }).observe(overlay, { attributes: true, attributeFilter: ['data-capture-at-ms'] });
})`;

/** Reads every picture that the page shows from now on. */
export async function beginReading(page: Page): Promise<void> {
  await page.evaluate(`${BEGIN}(${JSON.stringify({ cells: TIME_CODE_CELLS, height: TIME_CODE_HEIGHT })})`);
}

/** What was read since it began. */
export async function readPictures(page: Page): Promise<ShownPictures> {
  const raw = (await page.evaluate('window.shownPictures')) as RawPicture[];
  const pictures = raw.flatMap(({ shownAtMs, luma }) => {
    const timeMs = readTimeCode((cell) => luma[cell] ?? 0);
    if (timeMs === undefined) return [];
    const ageMs = (shownAtMs - timeMs) % TIME_CODE_PERIOD_MS;
    return [{ shownAtMs, ageMs }];
  });
  return { pictures, unread: raw.length - pictures.length };
}
