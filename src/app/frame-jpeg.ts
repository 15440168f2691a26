import sharp from 'sharp';
import type { Still } from '../capture/ffmpeg/still-decoder.ts';
import type { Frame } from '../flow/frame.ts';
import type { PixelRect } from '../flow/geometry.ts';
import { yuvMatrix } from '../infer/yuv-matrix.ts';

// A picture at detection size is less work than the threads that libvips would share it among.
sharp.concurrency(1);

/** A picture that outlives its frame. */
export type Picture = Pick<Frame, 'data' | 'widthPx' | 'heightPx' | 'colour'>;

/** Copies a frame's pixels, so that the frame may be released. @param old a picture that is needed no more: its memory is used again */
export function copyPicture(frame: Frame, old?: Picture): Picture {
  const { data, widthPx, heightPx, colour } = frame;
  if (old?.data.length !== data.length) return { data: new Uint8Array(data), widthPx, heightPx, colour };
  old.data.set(data);
  return { data: old.data, widthPx, heightPx, colour };
}

/** A picture as JPEG, and a part of it, in its own pixels, as another. @param quality 1..100 */
export async function encodeView(picture: Picture, quality: number, crop?: PixelRect): Promise<Still> {
  const { widthPx, heightPx } = picture;
  const rgb = toRgb(picture);
  // An image object each: a clone costs the main thread three times as much as a new one.
  const image = () => sharp(rgb, { raw: { width: widthPx, height: heightPx, channels: 3 } });
  // Huffman tables made for the picture take nearly as long as all the rest, and save a twentieth of the bytes.
  const jpeg = { quality, optimiseCoding: false };
  const whole = await image().jpeg(jpeg).toBuffer();
  if (crop === undefined) return { picture: whole };
  const part = { left: crop.xPx, top: crop.yPx, width: crop.widthPx, height: crop.heightPx };
  return { picture: whole, crop: await image().extract(part).jpeg(jpeg).toBuffer() };
}

/** I420 -> interleaved RGB, 8 bits a channel, `widthPx * heightPx * 3` bytes. */
export function toRgb({ data, widthPx, heightPx, colour }: Picture): Uint8ClampedArray {
  const rgb = new Uint8ClampedArray(widthPx * heightPx * 3);
  const chromaWidth = (widthPx + 1) >> 1;
  const blueAt = widthPx * heightPx;
  const redAt = blueAt + chromaWidth * ((heightPx + 1) >> 1);
  const { lumaZero, lumaGain, redV, greenU, greenV, blueU } = yuvMatrix(colour);
  for (let y = 0, out = 0; y < heightPx; y++) {
    const chromaRow = (y >> 1) * chromaWidth;
    let at = y * widthPx;
    // Two pixels of a row share their chroma.
    for (let column = 0, left = widthPx; left > 0; column++, left -= 2) {
      const u = data[blueAt + chromaRow + column]! - 128;
      const v = data[redAt + chromaRow + column]! - 128;
      const red = redV * v;
      const green = greenU * u + greenV * v;
      const blue = blueU * u;
      for (const end = out + (left > 1 ? 6 : 3); out < end; out += 3) {
        const luma = (data[at++]! - lumaZero) * lumaGain;
        rgb[out] = luma + red;
        rgb[out + 1] = luma + green;
        rgb[out + 2] = luma + blue;
      }
    }
  }
  return rgb;
}
