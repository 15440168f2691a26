import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf, OcellusError } from '../../base/errors.ts';
import { readImage } from '../../infer/image.ts';
import { type RgbImage, writeRgb } from '../../infer/preprocess-rgb.ts';
import { tensorLayout } from '../../infer/tensor-layout.ts';
import type { ModelInput } from '../../models/image-input.ts';

const IMAGE = /(?<!\.crop)\.(jpe?g|png|webp|gif|tiff?|avif)$/i;
/** Input tensors that are kept instead of being made anew; one of 640x640 takes 5 MB. */
const KEPT_BYTES = 256 * 1024 * 1024;
/** Deepest folder that is looked into: an event store sorts its pictures by camera and day. */
const MAX_DEPTH = 6;

/** Pictures below a folder, by name. @throws OcellusError `image_unreadable` when there are none */
export function listPictures(folder: string): string[] {
  const files: string[] = [];
  collect(folder, 0, files);
  if (files.length > 0) return files.sort();
  throw new OcellusError('image_unreadable', `there are no pictures in ${folder}`, {
    hint: 'give a folder of JPEG, PNG or WebP files',
  });
}

function collect(folder: string, depth: number, files: string[]): void {
  try {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name);
      if (entry.isDirectory() && depth < MAX_DEPTH) collect(path, depth + 1, files);
      else if (IMAGE.test(entry.name) && statSync(path).isFile()) files.push(path);
    }
  } catch (error) {
    throw new OcellusError('image_unreadable', `cannot read the folder ${folder}: ${messageOf(error)}`, {
      hint: 'check the path and that it may be read',
      cause: error,
    });
  }
}

/** Pictures as input tensors of one model, made as `detect` makes them. */
export class PictureInputs {
  readonly dims: readonly number[];
  readonly #input: ModelInput;
  readonly #length: number;
  readonly #kept = new Map<string, Float32Array>();

  constructor(input: ModelInput) {
    this.#input = input;
    const { dims, length } = tensorLayout(input);
    this.dims = dims;
    this.#length = length;
  }

  /** The tensor of a picture; not to be written into. */
  async of(path: string): Promise<Float32Array> {
    const known = this.#kept.get(path);
    if (known !== undefined) return known;
    const tensor = new Float32Array(this.#length);
    writeRgb(await readImage(path), this.#input, tensor);
    if ((this.#kept.size + 1) * tensor.byteLength <= KEPT_BYTES) this.#kept.set(path, tensor);
    return tensor;
  }
}

/** Edges of the grid that a picture is described by. */
const GRID = 8;

/** A picture as 8x8 mean colours: pictures of one scene in one light are near each other. */
export function describePicture({ data, widthPx, heightPx }: RgbImage): Float32Array {
  const cells = new Float32Array(GRID * GRID * 3);
  for (let row = 0; row < GRID; row++) {
    for (let column = 0; column < GRID; column++) {
      const [top, bottom] = [Math.floor((row * heightPx) / GRID), Math.ceil(((row + 1) * heightPx) / GRID)];
      const [left, right] = [
        Math.floor((column * widthPx) / GRID),
        Math.ceil(((column + 1) * widthPx) / GRID),
      ];
      const sums = [0, 0, 0];
      let count = 0;
      // Every third pixel of every third row tells the mean well enough.
      for (let y = top; y < bottom; y += 3) {
        for (let x = left; x < right; x += 3) {
          const at = 3 * (y * widthPx + x);
          for (let c = 0; c < 3; c++) sums[c]! += data[at + c]!;
          count += 1;
        }
      }
      for (let c = 0; c < 3; c++) cells[3 * (row * GRID + column) + c] = sums[c]! / Math.max(1, count) / 255;
    }
  }
  return cells;
}

/**
 * Picks the `count` descriptions that differ most: each next is the farthest from those picked (Gonzalez, "Clustering to
 * minimize the maximum intercluster distance", 1985). Pictures that repeat what was picked are not picked again.
 *
 * @returns indices in the order of picking
 */
export function pickDiverse(descriptions: readonly Float32Array[], count: number): number[] {
  if (descriptions.length === 0) return [];
  const picked = [0];
  const nearest = descriptions.map((each) => squareDistance(each, descriptions[0]!));
  while (picked.length < Math.min(count, descriptions.length)) {
    let farthest = 0;
    for (const [i, distance] of nearest.entries()) if (distance > nearest[farthest]!) farthest = i;
    if (nearest[farthest] === 0) break;
    picked.push(farthest);
    for (const [i, each] of descriptions.entries()) {
      nearest[i] = Math.min(nearest[i]!, squareDistance(each, descriptions[farthest]!));
    }
  }
  return picked;
}

function squareDistance(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i]! - b[i]!) ** 2;
  return sum;
}

/** The `count` most diverse of some pictures. */
export async function choosePictures(paths: readonly string[], count: number): Promise<string[]> {
  if (paths.length <= count) return [...paths];
  const descriptions: Float32Array[] = [];
  for (const path of paths) descriptions.push(describePicture(await readImage(path)));
  return pickDiverse(descriptions, count).map((i) => paths[i]!);
}
