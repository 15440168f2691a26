import { readFile } from 'node:fs/promises';
import sharp from 'sharp';
import { messageOf, OcellusError } from '../base/errors.ts';
import type { RgbImage } from './preprocess-rgb.ts';

/** Larger pictures are refused: a small file can claim to be a huge picture. */
const MAX_PIXELS = 100_000_000;

/**
 * Decodes a photo (JPEG, PNG, WebP, GIF, TIFF, AVIF) to upright RGB.
 *
 * EXIF orientation is applied, as OpenCV's `imread` and Ultralytics' loader do: boxes are in pixels of the picture as people
 * see it. Colour profiles are ignored and grey is repeated, as trainers do. Transparency is laid over black.
 *
 * @throws OcellusError `image_unreadable` naming the file
 */
export async function readImage(path: string): Promise<RgbImage> {
  let encoded: Buffer;
  try {
    encoded = await readFile(path);
  } catch (error) {
    throw new OcellusError('image_unreadable', `cannot read the image ${path}: ${messageOf(error)}`, {
      hint: 'check the path and that it may be read',
      cause: error,
    });
  }
  try {
    const { data, info } = await sharp(encoded, {
      failOn: 'truncated',
      limitInputPixels: MAX_PIXELS,
      ignoreIcc: true,
    })
      .autoOrient()
      .flatten({ background: '#000' })
      .toColourspace('srgb')
      .raw()
      .toBuffer({ resolveWithObject: true });
    return { data: info.channels === 3 ? data : grey(data), widthPx: info.width, heightPx: info.height };
  } catch (error) {
    throw new OcellusError('image_unreadable', `cannot decode the image ${path}: ${messageOf(error)}`, {
      hint: 'it is damaged, truncated or not a picture; open it in a viewer to see',
      cause: error,
    });
  }
}

function grey(levels: Uint8Array): Uint8Array {
  const rgb = new Uint8Array(3 * levels.length);
  for (const [i, level] of levels.entries()) rgb.fill(level, 3 * i, 3 * i + 3);
  return rgb;
}
