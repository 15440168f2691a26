import type { CaptureConfig } from '../../config/camera-schema.ts';
import type { SourceUrl } from '../../config/source-url.ts';
import type { SizePx } from '../../flow/geometry.ts';
import { MEDIA_FD } from '../child-process.ts';
import { scaleExpression } from '../fit-size.ts';
import { TIME_SHIFT_S } from '../media/media-reader.ts';
import { HWACCEL_ARGS } from './ffmpeg-hwaccel.ts';
import { type FfmpegVersion, isAtLeast } from './ffmpeg-version.ts';

export interface FfmpegJob {
  readonly source: SourceUrl;
  readonly capture: CaptureConfig;
  /** Pictures per second to let through at most. */
  readonly fps: number;
  /** Box that pictures are scaled into. */
  readonly box: SizePx;
  readonly version: FfmpegVersion;
  /** Also copy the camera's own video, still encoded, to `MEDIA_FD`. */
  readonly copyMedia?: boolean;
}

/** The arguments of the one ffmpeg of a camera: I420 on stdout, one `showinfo` line per picture on stderr. */
export function ffmpegArgs(job: FfmpegJob): string[] {
  const { source, capture, version } = job;
  return [
    // Level tags let the log parser tell errors from talk; "repeat" keeps equal lines apart, one per picture.
    ...['-hide_banner', '-nostdin', '-nostats', '-loglevel', 'repeat+level+info'],
    ...inputArgs(source, capture, version),
    ...HWACCEL_ARGS[capture.hwaccel],
    ...capture.inputArgs,
    ...['-i', inputUrl(source)],
    ...['-map', '0:v:0', '-an', '-sn', '-dn'],
    ...['-vf', videoFilter(job.fps, job.box)],
    ...(isAtLeast(version, 5, 1) ? ['-fps_mode', 'passthrough'] : ['-vsync', 'passthrough']),
    // The encoder of raw video uses frame threads too, and would hold back each picture until the next one comes.
    ...['-threads', '1', '-f', 'rawvideo', 'pipe:1'],
    ...(job.copyMedia ? MEDIA_OUTPUT : []),
  ];
}

/**
 * Fragmented MP4, a fragment per picture. No edit list, no moving of the times (but by `TIME_SHIFT_S`, and of that we know)
 * and "discont" keep decode times what they are in the stream, so that they can be told from the decoded picture's.
 */
const MEDIA_OUTPUT = [
  ...['-map', '0:v:0', '-c:v', 'copy', '-avoid_negative_ts', 'disabled', '-use_editlist', '0'],
  ...['-output_ts_offset', String(TIME_SHIFT_S), '-video_track_timescale', '90000'],
  ...['-movflags', '+frag_every_frame+empty_moov+default_base_moof+frag_discont'],
  ...['-flush_packets', '1', '-f', 'mp4', `pipe:${MEDIA_FD}`],
];

/**
 * Lets through the first picture of every 1/fps of the stream's time, with its own PTS (the `fps` filter would invent
 * new ones), tells its time and the camera's size and colour, and scales it. The quarter puts a stream whose rate is
 * `fps` or a multiple of it well inside the intervals, so that jitter moves no picture into a neighbouring one. The
 * last step gives the muxer times that grow, or it would complain of each picture after a step back of the camera's clock.
 */
export function videoFilter(fps: number, box: SizePx): string {
  const interval = (time: string) => `floor((${time}-start_t)*${fps}+0.25)`;
  const { width, height } = scaleExpression(box);
  return [
    `select='isnan(prev_selected_t)+not(eq(${interval('t')},${interval('prev_selected_t')}))'`,
    'showinfo=checksum=0',
    `scale=w='${width}':h='${height}':out_range=tv`,
    'format=yuv420p',
    `setpts=N*100/TB`,
  ].join(',');
}

function inputArgs(source: SourceUrl, capture: CaptureConfig, version: FfmpegVersion): string[] {
  // A little less than the camera's own patience, so that ffmpeg's more exact message comes first.
  const timeoutUs = String(Math.round(Math.min(capture.openTimeoutMs, capture.stallTimeoutMs) * 0.8 * 1000));
  // Decoding with frame threads holds back one picture per thread: seconds at a low frame rate.
  const live = ['-threads', '1'];
  switch (source.kind) {
    case 'rtsp':
      return [
        ...live,
        ...['-rtsp_transport', source.secure ? 'tcp' : capture.transport],
        ...['-allowed_media_types', 'video'],
        // Up to 4.4 "-timeout" makes ffmpeg listen for a camera that calls; "-stimeout" was removed in 5.0.
        ...[isAtLeast(version, 5, 0) ? '-timeout' : '-stimeout', timeoutUs],
        // SDP says all that probing would find out: the first picture comes 2.6 s sooner, with right B-frame times.
        ...['-analyzeduration', '0', '-probesize', '32'],
      ];
    case 'http':
      return [...live, '-rw_timeout', timeoutUs, ...httpArgs(source.media)];
    case 'v4l2':
      return [...live, '-f', 'v4l2'];
    case 'file':
      return [...(source.realtime ? ['-re'] : []), ...(source.loop ? ['-stream_loop', '-1'] : [])];
    case 'csi':
    case 'sim':
      return [];
  }
}

function httpArgs(media: 'file' | 'hls' | 'stream' | 'mjpeg'): string[] {
  switch (media) {
    case 'file':
    case 'hls':
      return ['-re'];
    case 'stream':
      return ['-analyzeduration', '1000000'];
    case 'mjpeg':
      // The parts of multipart/x-mixed-replace have no times: their arrival is all there is. JPEG has no B-frames.
      return ['-analyzeduration', '0', '-fpsprobesize', '0', '-use_wallclock_as_timestamps', '1'];
  }
}

function inputUrl(source: SourceUrl): string {
  switch (source.kind) {
    case 'rtsp':
    case 'http':
      return source.url;
    case 'v4l2':
      return source.device;
    case 'file':
      return `file:${source.path}`;
    case 'csi':
    case 'sim':
      throw new Error(`ffmpeg cannot open ${source.kind}`);
  }
}
