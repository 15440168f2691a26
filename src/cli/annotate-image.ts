import { mkdir } from 'node:fs/promises';
import { basename, extname, join } from 'node:path';
import sharp from 'sharp';
import { messageOf, OcellusError } from '../base/errors.ts';
import type { Detection } from '../flow/detection.ts';
import type { RgbImage } from '../infer/preprocess-rgb.ts';

/** Hues lie a golden angle apart, so that neighbouring classes differ. */
const GOLDEN_ANGLE_DEGREES = 137.508;

/**
 * Writes `<dir>/<name>.jpg`: the photo with a box and a caption for each detection.
 * @throws OcellusError `io_failed`
 */
export async function annotateImage(
  image: RgbImage,
  path: string,
  detections: readonly Detection[],
  dir: string,
): Promise<void> {
  const { data, widthPx: width, heightPx: height } = image;
  const out = join(dir, `${basename(path, extname(path))}.jpg`);
  try {
    await mkdir(dir, { recursive: true });
    await sharp(data, { raw: { width, height, channels: 3 } })
      .composite([{ input: Buffer.from(overlaySvg(image, detections)) }])
      .jpeg({ quality: 90 })
      .toFile(out);
  } catch (error) {
    throw new OcellusError('io_failed', `cannot write ${out}: ${messageOf(error)}`, {
      hint: 'check that the folder of --annotate can be written',
      cause: error,
    });
  }
}

/** Boxes and captions as SVG of the photo's size. */
export function overlaySvg(
  { widthPx, heightPx }: Pick<RgbImage, 'widthPx' | 'heightPx'>,
  detections: readonly Detection[],
): string {
  const line = Math.max(1, Math.round(Math.max(widthPx, heightPx) / 400));
  const text = Math.max(10, 6 * line);
  const shapes = detections.map(({ label, classId, score, boxPx: [x1, y1, x2, y2] }) => {
    const colour = `hsl(${Math.round(classId * GOLDEN_ANGLE_DEGREES) % 360}, 90%, 45%)`;
    const caption = escapeXml(`${label} ${score.toFixed(2)}`);
    const textY = y1 > text * 1.4 ? y1 - line * 2 : y1 + text;
    return (
      `<rect x="${x1}" y="${y1}" width="${x2 - x1}" height="${y2 - y1}" fill="none" stroke="${colour}" stroke-width="${line}"/>` +
      `<text x="${x1 + line}" y="${textY}" font-size="${text}" font-family="sans-serif" fill="${colour}" ` +
      `stroke="black" stroke-width="${line}" paint-order="stroke">${caption}</text>`
    );
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${widthPx}" height="${heightPx}">${shapes.join('')}</svg>`;
}

function escapeXml(text: string): string {
  return text.replace(/[<>&"']/g, (char) => `&#${char.charCodeAt(0)};`);
}
