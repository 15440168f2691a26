import type { Colour } from '../../flow/frame.ts';
import type { PixelRect } from '../../flow/geometry.ts';
import { MEDIA_FD } from '../child-process.ts';
import { TIME_SHIFT_S } from '../media/media-reader.ts';

export interface StillPicture {
  /** Presentation time of the picture on its connection's clock, ms. */
  readonly ptsMs: number;
  /** As the frames of its camera have it: what a stream does not say is taken for the same in both. */
  readonly colour: Pick<Colour, 'matrix'>;
  /** Of the JPEGs, 1..100 as libjpeg counts. */
  readonly quality: number;
  /** Part of the picture that is wanted as a second JPEG. */
  readonly crop?: PixelRect;
}

/** Pictures of one stream are further apart. */
const SAME_PICTURE_S = 0.001;

/** Arguments of an ffmpeg that reads fragmented MP4 and writes one picture of it as JPEG to stdout, and its crop to `MEDIA_FD`. */
export function stillArgs({ ptsMs, colour, quality, crop }: StillPicture): string[] {
  const atS = ptsMs / 1000 + TIME_SHIFT_S;
  const one = ['-frames:v', '1', '-q:v', String(jpegScale(quality)), '-f', 'mjpeg'];
  const filter = [
    `select='between(t,${atS - SAME_PICTURE_S},${atS + SAME_PICTURE_S})'`,
    'setpts=0',
    // JPEG is BT.601 and full range, whatever the camera's video is.
    `scale=in_color_matrix=${colour.matrix}:out_color_matrix=bt601:out_range=pc`,
    'format=yuvj420p',
  ].join(',');
  const crops =
    crop && `split[whole][rest];[rest]crop=${crop.widthPx}:${crop.heightPx}:${crop.xPx}:${crop.yPx}[crop]`;
  return [
    ...['-hide_banner', '-nostats', '-loglevel', 'error', '-copyts'],
    // Short of memory and cores, a still is what can wait.
    ...['-threads', '1', '-f', 'mp4', '-i', 'pipe:0'],
    ...['-filter_complex', crops === undefined ? `[0:v:0]${filter}[whole]` : `[0:v:0]${filter},${crops}`],
    ...['-map', '[whole]', ...one, 'pipe:1'],
    ...(crops === undefined ? [] : ['-map', '[crop]', ...one, `pipe:${MEDIA_FD}`]),
  ];
}

/**
 * libjpeg's quality as the quantizer scale of ffmpeg's MJPEG encoder, 2..31, so that files are about as large: libjpeg scales
 * its luma table, of mean 57, by `s` percent, ffmpeg the MPEG-1 intra table, of mean 29, by eighths.
 */
export function jpegScale(quality: number): number {
  const percent = quality < 50 ? 5000 / quality : 200 - 2 * quality;
  return Math.min(31, Math.max(2, Math.round((percent * 57 * 8) / (29 * 100))));
}
