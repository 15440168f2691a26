import { seededRandom } from '../../base/random.ts';
import type { SizePx } from '../../flow/geometry.ts';
import { hash } from './hash.ts';
import type { Light } from './light.ts';

const NOISE_SAMPLES = 1 << 16;

/** What the light and the sensor do to a finished drawing: gain, loss of colour, noise. */
export class Finish {
  readonly #seed: number;
  readonly #noise: Int8Array;
  readonly #lumaOf = new Float32Array(256);
  readonly #chromaOf = new Uint8ClampedArray(256);

  /** @param noise standard deviation, luma levels */
  constructor(seed: number, noise: number) {
    this.#seed = seed;
    const random = seededRandom(seed ^ 0x1b873593);
    // The sum of six uniform values is near enough to a normal distribution (Irwin-Hall, variance 1/2).
    const normal = () => (random() + random() + random() + random() + random() + random() - 3) * Math.SQRT2;
    this.#noise = Int8Array.from({ length: NOISE_SAMPLES }, () => Math.round(noise * normal()));
  }

  apply(frame: SizePx & { readonly data: Uint8Array }, light: Light, tMs: number): void {
    for (let value = 0; value < 256; value++) {
      this.#lumaOf[value] = 16 + (value - 16) * light.gain;
      this.#chromaOf[value] = 128 + (value - 128) * light.saturation * Math.min(1, light.gain);
    }
    const { widthPx, heightPx } = frame;
    const pixels = new Uint8ClampedArray(frame.data.buffer, frame.data.byteOffset, frame.data.length);
    const lumaBytes = widthPx * heightPx;
    const random = seededRandom(hash(this.#seed, Math.round(tMs * 8), 0x5a));
    for (let y = 0; y < heightPx; y++) {
      // A new place in the table per row and frame, so that no pattern of the table stands still.
      let n = Math.floor(random() * NOISE_SAMPLES);
      const end = (y + 1) * widthPx;
      for (let i = y * widthPx; i < end; i++) {
        pixels[i] = this.#lumaOf[pixels[i]!]! + this.#noise[n]!;
        n = (n + 1) & (NOISE_SAMPLES - 1);
      }
    }
    if (light.saturation === 1 && light.gain >= 1) return;
    for (let i = lumaBytes; i < pixels.length; i++) pixels[i] = this.#chromaOf[pixels[i]!]!;
  }
}
