import { OcellusError } from '../../base/errors.ts';
import type { CaptureConfig } from '../../config/camera-schema.ts';
import type { SourceUrl } from '../../config/source-url.ts';
import type { SizePx } from '../../flow/geometry.ts';

/** Descriptor of gst-launch that frames come through: its stdout is for its own messages. */
export const FRAME_FD = 3;

export interface GstJob {
  readonly source: SourceUrl;
  readonly capture: CaptureConfig;
  /** Pictures per second to let through at most. */
  readonly fps: number;
  /** Box that pictures are scaled into; a pipeline of the user scales by itself. */
  readonly box: SizePx;
}

/**
 * Arguments of gst-launch-1.0. Frames leave through `gdppay`, so that size, colour and PTS travel with them.
 * @throws OcellusError `config_invalid`
 */
export function gstArgs(job: GstJob): string[] {
  const { source, capture } = job;
  const pictures =
    capture.pipeline === undefined
      ? [
          ...sourceElements(source, capture),
          '!',
          ...decoderElements(source, capture),
          '!',
          ...rate(job.fps),
          '!',
          ...scaler(job),
        ]
      : [...userPipeline(capture.pipeline), '!', ...rate(job.fps)];
  const sync = source.kind === 'file' && source.realtime ? 'true' : 'false';
  return ['-v', ...pictures, '!', 'gdppay', '!', 'fdsink', `fd=${FRAME_FD}`, `sync=${sync}`];
}

/**
 * A user's pipeline without its closing `fdsink`, as arguments of gst-launch.
 * @throws OcellusError `config_invalid` when it does not end in `! fdsink`
 */
export function userPipeline(pipeline: string): string[] {
  const words: string[] = pipeline.match(/(?:"[^"]*"|[^\s"])+/g) ?? [];
  const sink = words.lastIndexOf('fdsink');
  const onlyProperties = words.slice(sink + 1).every((word) => /^[a-z-]+=/.test(word));
  if (sink < 2 || words[sink - 1] !== '!' || !onlyProperties) {
    throw new OcellusError('config_invalid', 'capture.pipeline does not end in "! fdsink"', {
      hint: 'write "... ! videoconvert ! video/x-raw,format=I420 ! fdsink"; frames are taken at that place',
    });
  }
  // gst-launch quotes each argument by itself; quotes of the text were for its one-string form.
  return words.slice(0, sink - 1).map((word) => word.replaceAll('"', ''));
}

/** Drops pictures beyond the rate and leaves the times of the others alone. */
function rate(fps: number): string[] {
  return ['videorate', 'drop-only=true', `max-rate=${Math.max(1, Math.round(fps))}`];
}

/** Fits pictures into the box with their aspect, never enlarged: videoscale keeps a size that the ranges allow. */
function scaler({ box }: GstJob): string[] {
  const caps = `video/x-raw,format=I420,width=[2,${box.widthPx}],height=[2,${box.heightPx}],pixel-aspect-ratio=1/1`;
  return ['videoconvert', '!', 'videoscale', '!', caps];
}

function sourceElements(source: SourceUrl, capture: CaptureConfig): string[] {
  switch (source.kind) {
    case 'rtsp':
      return [
        ...[
          'rtspsrc',
          `location=${source.url}`,
          `protocols=${source.secure ? 'tcp+tls' : capture.transport}`,
        ],
        // Cameras sign their own certificates.
        ...(source.secure ? ['tls-validation-flags=0'] : []),
        ...[`timeout=${capture.stallTimeoutMs * 1000}`, `tcp-timeout=${capture.stallTimeoutMs * 1000}`],
        ...['latency=100', '!', 'application/x-rtp,media=video'],
      ];
    case 'http':
      return ['souphttpsrc', `location=${source.url}`, `is-live=${source.media === 'mjpeg'}`];
    case 'v4l2':
      return ['v4l2src', `device=${source.device}`];
    case 'csi':
      return ['nvarguscamerasrc', `sensor-id=${source.sensorId}`];
    case 'file':
      if (source.loop) {
        throw new OcellusError('config_invalid', 'GStreamer cannot loop a file here', {
          hint: 'set capture.backend to ffmpeg, or leave out loop=1',
        });
      }
      return ['filesrc', `location=${source.path}`];
    case 'sim':
      throw new Error('GStreamer cannot open sim');
  }
}

function decoderElements(source: SourceUrl, capture: CaptureConfig): string[] {
  // nvvidconv brings pictures from the device's memory (NVMM) to main memory.
  const fromDevice = ['nvvidconv', '!', 'video/x-raw,format=I420'];
  if (source.kind === 'csi') return ['video/x-raw(memory:NVMM)', '!', ...fromDevice];
  if (capture.hwaccel === 'jetson-nvv4l2') return ['parsebin', '!', 'nvv4l2decoder', '!', ...fromDevice];
  return ['decodebin'];
}
