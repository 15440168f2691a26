import type { Clock } from '../base/clock.ts';
import { OcellusError } from '../base/errors.ts';
import type { CaptureConfig } from '../config/camera-schema.ts';
import { parseSourceUrl, type SourceUrl } from '../config/source-url.ts';
import type { FramePool } from '../flow/frame-pool.ts';
import type { SizePx } from '../flow/geometry.ts';
import type { MediaSink } from '../flow/media.ts';
import { FfmpegSource, isEncoded } from './ffmpeg/ffmpeg-source.ts';
import type { FrameSource } from './frame-source.ts';
import { GstSource } from './gstreamer/gst-source.ts';
import { createSimSource } from './sim/sim-source.ts';

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
  /** Directory that relative file names start from: the configuration's. */
  readonly baseDir: string;
  /** Takes the camera's own video, still encoded, where the source has one. */
  readonly media?: MediaSink;
}

/**
 * The source for a camera's address. Nothing is opened yet.
 * @throws OcellusError `config_invalid`
 */
export function createFrameSource(options: FrameSourceOptions): FrameSource {
  const { cameraId, capture, detect, pool, clock } = options;
  const source = parseSourceUrl(options.source, options.baseDir);
  const box = { widthPx: detect.widthPx, heightPx: detect.heightPx };
  const media = withMedia(source, options);
  const common = { cameraId, pool, clock, box, fps: detect.fps };
  if (source.kind === 'sim') return createSimSource({ ...common, params: source.params });
  if (usesGstreamer(source, capture)) return new GstSource({ ...common, source, capture });
  return new FfmpegSource({ ...common, source, capture, ...(media && { media }) });
}

/** Where the camera's own video goes; who wants it of a source that has none is told so. */
function withMedia(source: SourceUrl, { capture, media }: FrameSourceOptions): MediaSink | undefined {
  if (source.kind === 'sim') media?.unusable('a simulated camera has no encoded video');
  else if (usesGstreamer(source, capture)) media?.unusable('GStreamer gives decoded pictures only');
  else if (!isEncoded(source)) media?.unusable('this kind of source has no encoded video with times');
  else return media;
  return undefined;
}

/** CSI sensors are GStreamer's alone, and so is a pipeline; the rest is ffmpeg's unless asked otherwise. */
function usesGstreamer(source: SourceUrl, capture: CaptureConfig): boolean {
  if (capture.backend === 'auto') return source.kind === 'csi' || capture.pipeline !== undefined;
  if (capture.backend === 'gstreamer') return true;
  if (source.kind === 'csi' || capture.pipeline !== undefined) {
    const what = source.kind === 'csi' ? 'csi:// sources' : 'capture.pipeline';
    throw new OcellusError('config_invalid', `${what} cannot be read by ffmpeg`, {
      hint: 'set capture.backend to gstreamer or auto',
    });
  }
  return false;
}
