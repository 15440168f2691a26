import sharp from 'sharp';
import type { Colour, Frame } from '../flow/frame.ts';

/** A picture that outlives its frame. */
export type Picture = Pick<Frame, 'data' | 'widthPx' | 'heightPx' | 'colour'>;

/** Copies a frame's pixels, so that the frame may be released. */
export function copyPicture(frame: Frame): Picture {
  const { data, widthPx, heightPx, colour } = frame;
  return { data: new Uint8Array(data), widthPx, heightPx, colour };
}

/** A picture as JPEG, at detection size. */
export function encodeJpeg(picture: Picture): Promise<Buffer> {
  const { widthPx, heightPx } = picture;
  return sharp(toRgb(picture), { raw: { width: widthPx, height: heightPx, channels: 3 } })
    .jpeg({ quality: 85 })
    .toBuffer();
}

/** Luma weights of red and blue (ITU-R BT.601-7, BT.709-6). */
const LUMA_WEIGHTS: Record<Colour['matrix'], readonly [kr: number, kb: number]> = {
  bt601: [0.299, 0.114],
  bt709: [0.2126, 0.0722],
};

/** I420 -> interleaved RGB, 8 bits a channel, `widthPx * heightPx * 3` bytes. */
export function toRgb({ data, widthPx, heightPx, colour }: Picture): Uint8ClampedArray {
  const rgb = new Uint8ClampedArray(widthPx * heightPx * 3);
  const chromaWidth = (widthPx + 1) >> 1;
  const blueAt = widthPx * heightPx;
  const redAt = blueAt + chromaWidth * ((heightPx + 1) >> 1);
  const [kr, kb] = LUMA_WEIGHTS[colour.matrix];
  const kg = 1 - kr - kb;
  const [lumaScale, chromaScale, black] = colour.range === 'full' ? [1, 1, 0] : [255 / 219, 255 / 224, 16];
  for (let y = 0, out = 0; y < heightPx; y++) {
    const chromaRow = (y >> 1) * chromaWidth;
    for (let x = 0; x < widthPx; x++, out += 3) {
      const luma = (data[y * widthPx + x]! - black) * lumaScale;
      const blue = (data[blueAt + chromaRow + (x >> 1)]! - 128) * chromaScale;
      const red = (data[redAt + chromaRow + (x >> 1)]! - 128) * chromaScale;
      rgb[out] = luma + 2 * (1 - kr) * red;
      rgb[out + 1] = luma - ((2 * kb * (1 - kb)) / kg) * blue - ((2 * kr * (1 - kr)) / kg) * red;
      rgb[out + 2] = luma + 2 * (1 - kb) * blue;
    }
  }
  return rgb;
}
