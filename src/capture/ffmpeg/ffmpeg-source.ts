import type { Clock } from '../../base/clock.ts';
import { abortError } from '../../base/clock.ts';
import type { CaptureConfig } from '../../config/camera-schema.ts';
import { describeSource, type SourceUrl } from '../../config/source-url.ts';
import { i420Bytes } from '../../flow/frame.ts';
import type { FramePool } from '../../flow/frame-pool.ts';
import type { SizePx } from '../../flow/geometry.ts';
import type { MediaSink } from '../../flow/media.ts';
import { ByteReader } from '../byte-reader.ts';
import { CaptureError, captureFailure } from '../capture-error.ts';
import { type ChildExit, startTool, type ToolProcess } from '../child-process.ts';
import { fitSize } from '../fit-size.ts';
import { FrameMaker, type Picture, type PictureBody } from '../frame-maker.ts';
import type { CaptureFailure, FrameSink, FrameSource } from '../frame-source.ts';
import { MediaReader } from '../media/media-reader.ts';
import { TurnQueue } from '../turn-queue.ts';
import { ffmpegArgs } from './ffmpeg-args.ts';
import { FfmpegLog } from './ffmpeg-log.ts';
import { type FfmpegVersion, readFfmpegVersion } from './ffmpeg-version.ts';

export interface FfmpegSourceOptions {
  readonly cameraId: string;
  readonly source: SourceUrl;
  readonly capture: CaptureConfig;
  readonly fps: number;
  readonly box: SizePx;
  readonly pool: FramePool;
  readonly clock: Clock;
  /** Takes the camera's own video; only for a source that `isEncoded`. */
  readonly media?: MediaSink;
}

/** ffmpeg ends within a frame of SIGTERM unless it is stuck. */
const GRACE_MS = 1_000;

/** Frames from an ffmpeg child process: one per connection. */
export class FfmpegSource implements FrameSource {
  readonly description: string;
  readonly finite: boolean;
  readonly waits: boolean;
  readonly #options: FfmpegSourceOptions;
  #version: Promise<FfmpegVersion> | undefined;
  #log: FfmpegLog | undefined;
  /** Undefined once it is known that this camera's video cannot be copied. */
  #media: MediaSink | undefined;

  constructor(options: FfmpegSourceOptions) {
    this.#options = options;
    const { source } = options;
    this.description = describeSource(source);
    this.#media = isEncoded(source) ? options.media : undefined;
    this.waits = source.kind === 'file' && !source.realtime;
    this.finite =
      (source.kind === 'file' && !source.loop) || (source.kind === 'http' && source.media === 'file');
  }

  /** @throws CaptureError, `OcellusError` `tool_missing`, an `AbortError` */
  async run(sink: FrameSink, signal: AbortSignal): Promise<void> {
    const { source, capture, fps, box, clock } = this.#options;
    this.#log = undefined;
    this.#version ??= readFfmpegVersion(capture.ffmpeg, clock);
    const version = await this.#version.catch((error: unknown) => {
      this.#version = undefined;
      throw error;
    });
    if (signal.aborted) throw abortError();
    const tool = await startTool({
      program: capture.ffmpeg,
      args: ffmpegArgs({ source, capture, fps, box, version, copyMedia: this.#media !== undefined }),
      aptPackage: 'ffmpeg',
      pictureFd: 1,
      chatty: true,
      withMedia: this.#media !== undefined,
      clock,
    });
    const end = () => void tool.end(GRACE_MS);
    signal.addEventListener('abort', end, { once: true });
    if (signal.aborted) end();
    try {
      await this.#readPictures(tool, sink, signal);
    } finally {
      signal.removeEventListener('abort', end);
      await tool.end(GRACE_MS);
    }
    if (signal.aborted) throw abortError();
    this.#judge(await tool.exited);
  }

  diagnosis(): CaptureFailure | undefined {
    const log = this.#log;
    if (log === undefined) return undefined;
    if (log.failure() !== undefined || !log.inputOpen) return log.failure();
    return captureFailure(
      'no_keyframe',
      'the stream is open but no picture can be decoded',
      "set the camera's keyframe (I-frame) interval to 1 to 4 seconds",
    );
  }

  /** Resolves when no more pictures will come. */
  #readPictures(tool: ToolProcess, sink: FrameSink, signal: AbortSignal): Promise<void> {
    const { cameraId, box, pool, clock } = this.#options;
    const timing = this.waits ? 'media' : 'live';
    const maker = new FrameMaker({
      cameraId,
      pool,
      clock,
      timing,
      codec: () => this.#log?.codec ?? null,
      signal,
    });
    const bytes = new ByteReader(tool.pictures!);
    if (tool.media !== undefined && this.#media !== undefined) {
      void new MediaReader(new ByteReader(tool.media), this.#media, () => maker.offsetMs).run();
    }
    return new Promise((resolve) => {
      const pictures = new TurnQueue<Picture>(
        (picture, done) => maker.take(picture, bodyOf(picture, bytes), sink, done),
        resolve,
      );
      let frame: SizePx | undefined;
      const log = new FfmpegLog({
        picture: ({ ptsMs, source, colour }) => {
          // ffmpeg scales all pictures of one run to the size of the first (-autoscale), also when the camera's changes.
          frame ??= fitSize(source, box);
          pictures.push({ ptsMs, source, colour, frame, arrivedMonoMs: clock.monoMs() });
        },
        lostPicture: () => sink.dropped('decode_error'),
      });
      this.#log = log;
      const endOfLog = () => {
        log.flush();
        pictures.end();
      };
      tool.eachErrorLine((line) => log.line(line), endOfLog);
    });
  }

  /** Resolves the run or fails it, by how ffmpeg ended. */
  #judge(exit: ChildExit): void {
    const log = this.#log!;
    if (exit.code === 0) return;
    if (this.#media !== undefined && log.problems.some((problem) => MEDIA_REFUSED.test(problem))) {
      this.#media.unusable('ffmpeg cannot put the video of this camera into MP4');
      this.#media = undefined;
    }
    const ended =
      exit.signal === null
        ? captureFailure(
            'ended',
            log.problems.at(-1) ?? `ffmpeg ended with status ${exit.code}`,
            'see the log',
          )
        : captureFailure(
            'ended',
            `ffmpeg was killed by ${exit.signal}`,
            'check the system log (out of memory?)',
          );
    throw new CaptureError((exit.signal === null ? log.failure() : undefined) ?? ended);
  }
}

/** ffmpeg ends, decoded pictures and all, when it cannot begin the copy: the next connection does without. */
const MEDIA_REFUSED = /could not (write header|find tag for codec)/i;

/** Sources whose video is encoded, with times of its own: JPEGs over HTTP have none. */
export function isEncoded(source: SourceUrl): boolean {
  return (
    source.kind === 'rtsp' || source.kind === 'file' || (source.kind === 'http' && source.media !== 'mjpeg')
  );
}

/** The next bytes, as those of a picture. */
function bodyOf({ frame }: Picture, bytes: ByteReader): PictureBody {
  return {
    fill: (target, done) => bytes.fill(target, done),
    pass: (done) => bytes.pass(i420Bytes(frame.widthPx, frame.heightPx), done),
  };
}
