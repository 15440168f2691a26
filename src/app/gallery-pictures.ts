import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { messageOf, OcellusError } from '../base/errors.ts';
import { type Embedding, EmbeddingLooks } from '../events/embedding.ts';
import type { SizePx } from '../flow/geometry.ts';
import type { CropModel } from '../infer/crop-model.ts';
import { readImage } from '../infer/image.ts';
import type { RgbImage } from '../infer/preprocess-rgb.ts';

const PICTURE = /\.(jpe?g|png|webp)$/i;

/**
 * Looks at the pictures of known objects: a folder for each, called like it.
 *
 * @returns the mean of each one's looks, by name
 * @throws OcellusError `config_invalid` for a folder that is none or in which nobody is; `image_unreadable`; what a run throws
 */
export async function lookAtGallery(
  folder: string,
  model: CropModel,
  input: SizePx,
): Promise<ReadonlyMap<string, Embedding>> {
  const known = new Map<string, Embedding>();
  for (const { name, files } of await pictures(folder)) {
    const looks = new EmbeddingLooks();
    for (const file of files) looks.add(await model.detectImage(await stretched(file, input)), 1);
    if (looks.mean !== undefined) known.set(name, looks.mean);
  }
  if (known.size > 0) return known;
  throw new OcellusError('config_invalid', `nobody is in the gallery ${folder}`, {
    hint: 'make a folder for each known object in it, with crops of it as JPEG, PNG or WebP',
  });
}

async function pictures(folder: string): Promise<{ name: string; files: string[] }[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true });
    const names = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
    return await Promise.all(
      names.map(async (name) => {
        const files = (await readdir(join(folder, name))).filter((file) => PICTURE.test(file)).sort();
        return { name, files: files.map((file) => join(folder, name, file)) };
      }),
    );
  } catch (error) {
    throw new OcellusError('config_invalid', `the gallery ${folder} cannot be read: ${messageOf(error)}`, {
      hint: 'name a folder that the user of the daemon may read',
      cause: error,
    });
  }
}

/** As crops are, to the size of the input, whatever their shape. */
async function stretched(file: string, { widthPx, heightPx }: SizePx): Promise<RgbImage> {
  const { data, widthPx: width, heightPx: height } = await readImage(file);
  const resized = sharp(data, { raw: { width, height, channels: 3 } }).resize(widthPx, heightPx, {
    fit: 'fill',
  });
  return { data: await resized.raw().toBuffer(), widthPx, heightPx };
}
