import { seededRandom } from '../../base/random.ts';
import type { RgbImage } from '../../infer/preprocess-rgb.ts';

const WIDTH_PX = 640;
const HEIGHT_PX = 480;
/** Shapes in a made picture: about what a street has of things. */
const SHAPES = 24;

/** Pictures that models are compared on when nobody gave any: noise, which meets every level, and scenes, which are smooth. */
export function madePictures(count: number): RgbImage[] {
  return Array.from({ length: count }, (_, i) => (i % 3 === 0 ? noise(i) : scene(i)));
}

function noise(seed: number): RgbImage {
  const random = seededRandom(seed);
  const data = new Uint8Array(3 * WIDTH_PX * HEIGHT_PX);
  for (let at = 0; at < data.length; at++) data[at] = Math.floor(256 * random());
  return { data, widthPx: WIDTH_PX, heightPx: HEIGHT_PX };
}

/** A sky that gets lighter towards the horizon, shaded boxes and discs before it, and the grain of a sensor. */
function scene(seed: number): RgbImage {
  const random = seededRandom(seed);
  const data = new Uint8Array(3 * WIDTH_PX * HEIGHT_PX);
  const paint = (x: number, y: number, rgb: readonly number[], light: number) => {
    for (let c = 0; c < 3; c++) {
      const level = rgb[c]! * light + 6 * (random() - 0.5);
      data[3 * (y * WIDTH_PX + x) + c] = Math.max(0, Math.min(255, Math.round(level)));
    }
  };
  const colour = () => [255 * random(), 255 * random(), 255 * random()];
  const sky = colour();
  for (let y = 0; y < HEIGHT_PX; y++) {
    for (let x = 0; x < WIDTH_PX; x++) paint(x, y, sky, 0.5 + (0.5 * y) / HEIGHT_PX);
  }
  for (let i = 0; i < SHAPES; i++) {
    const rgb = colour();
    const [width, height] = [8 + Math.floor(200 * random() ** 2), 8 + Math.floor(240 * random() ** 2)];
    const [left, top] = [
      Math.floor((WIDTH_PX - width) * random()),
      Math.floor((HEIGHT_PX - height) * random()),
    ];
    const isDisc = random() < 0.4;
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const [u, v] = [(2 * x) / width - 1, (2 * y) / height - 1];
        if (!isDisc || u * u + v * v <= 1) paint(left + x, top + y, rgb, 1 - 0.4 * Math.abs(u) * (1 + v));
      }
    }
  }
  return { data, widthPx: WIDTH_PX, heightPx: HEIGHT_PX };
}
