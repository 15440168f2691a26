import type { Clock } from '../base/clock.ts';
import { OcellusError } from '../base/errors.ts';
import type { Logger } from '../base/log.ts';
import type { CaptureConfig } from '../config/schema.ts';
import type { FramePool } from '../flow/frame-pool.ts';
import type { SizePx } from '../flow/geometry.ts';
import { FfmpegSource } from './ffmpeg/ffmpeg-source.ts';
import type { FrameSource } from './frame-source.ts';
import { parseSourceUrl } from './source-url.ts';

export interface FrameSourceOptions {
  readonly cameraId: string;
  /** As configured, see `parseSourceUrl`. */
  readonly source: string;
  readonly capture: CaptureConfig;
  /** Pictures per second at most, and the box that they are scaled into. */
  readonly detect: SizePx & { readonly fps: number };
  /** Where frames get their buffers. */
  readonly pool: FramePool;
  readonly clock: Clock;
  readonly log: Logger;
  /** Directory that relative file names start from: the configuration's. */
  readonly baseDir: string;
}

/**
 * The source for a camera's address. Nothing is opened yet.
 * @throws OcellusError `config_invalid`
 */
export function createFrameSource(options: FrameSourceOptions): FrameSource {
  const { cameraId, capture, detect, pool, clock, log } = options;
  const source = parseSourceUrl(options.source, options.baseDir);
  const box = { widthPx: detect.widthPx, heightPx: detect.heightPx };
  if (source.kind === 'csi') {
    throw new OcellusError('config_invalid', 'todo', {});
  }
  return new FfmpegSource({ cameraId, source, capture, fps: detect.fps, box, pool, clock, log });
}
