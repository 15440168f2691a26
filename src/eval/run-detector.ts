import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { OcellusError } from '../base/errors.ts';
import type { Detector } from '../infer/detector.ts';
import { readImage } from '../infer/image.ts';
import type { CocoAnnotations, CocoResult } from './coco-types.ts';
import { asResults, ClassMap, type Predictions } from './predictions.ts';

export interface RunOptions {
  readonly detector: Detector;
  readonly truth: CocoAnnotations;
  /** Folder of the photos. */
  readonly imagesDir: string;
  readonly signal: AbortSignal;
  /** Called after every photo. */
  readonly onPhoto?: (done: number, of: number) => void;
}

/**
 * Runs a detector over the photos of a ground truth, in the order of the file.
 *
 * @throws OcellusError `data_invalid` when photos are not there, `image_unreadable`, and what inference throws
 */
export async function runDetector(options: RunOptions): Promise<Predictions> {
  const { detector, truth, imagesDir, signal, onPhoto } = options;
  const photos = photoPaths(truth, imagesDir);
  const missing = photos.filter(({ path }) => !existsSync(path));
  if (missing.length > 0) throw withoutPhotos(missing.length, photos.length, missing[0]!.path);
  const classes = new ClassMap(truth);
  const results: CocoResult[] = [];
  for (const [index, { id, path }] of photos.entries()) {
    signal.throwIfAborted();
    const { detections } = await detector.detectImage(await readImage(path));
    for (const result of asResults(id, detections, classes)) results.push(result);
    onPhoto?.(index + 1, photos.length);
  }
  return { results, unknownLabels: classes.unknown };
}

/** The ground truth of the photos that are in a folder. */
export function presentPhotos(truth: CocoAnnotations, imagesDir: string): number[] {
  return photoPaths(truth, imagesDir).flatMap(({ id, path }) => (existsSync(path) ? [id] : []));
}

/** Where the photo of every image of a ground truth is: by its path under the folder, else by its name alone. */
export function photoPaths(truth: CocoAnnotations, imagesDir: string): { id: number; path: string }[] {
  return truth.images.map(({ id, file_name }) => {
    if (file_name === undefined) {
      throw new OcellusError('data_invalid', `image ${id} of the annotations has no file_name`, {
        hint: 'give --predictions instead of --model, or annotations that name their photos',
      });
    }
    const path = join(imagesDir, file_name);
    return { id, path: existsSync(path) ? path : join(imagesDir, basename(file_name)) };
  });
}

function withoutPhotos(missing: number, all: number, first: string): OcellusError {
  return new OcellusError(
    'data_invalid',
    `${missing} of ${all} photos are not there, the first is ${first}`,
    {
      hint: 'check --images, or evaluate those that are there with --present-only',
    },
  );
}
