import { redactUrl } from '../../base/log.ts';
import type { Colour } from '../../flow/frame.ts';
import type { SizePx } from '../../flow/geometry.ts';
import type { CaptureFailure } from '../frame-source.ts';
import { ffmpegFailure, isLostPicture } from './ffmpeg-failure.ts';

/** What ffmpeg's `showinfo` tells of one picture that is about to come through the pipe. */
export interface PictureInfo {
  /** Presentation time on the stream's clock, ms; NaN when it has none. */
  readonly ptsMs: number;
  /** Size before scaling. */
  readonly source: SizePx;
  readonly colour: Colour;
}

export interface FfmpegLogHandlers {
  picture(info: PictureInfo): void;
  lostPicture(): void;
}

/** Of the talk before a failure, the last lines tell why; a stream of decoder errors must not fill the memory. */
const KEPT_LINES = 40;

/** Reads ffmpeg's stderr (`-loglevel repeat+level+info`): pictures in order, the codec, and why it fails. */
export class FfmpegLog {
  readonly #handlers: FfmpegLogHandlers;
  readonly #problems: string[] = [];
  /** Time of a picture that waits for its colour line. */
  #pendingPtsMs: number | undefined;
  /** Of the newest picture, and of all that are like it. */
  #source: SizePx = { widthPx: 0, heightPx: 0 };
  #colourSpace = 'unknown';
  #colourLine = '';
  #colour: Colour | undefined;
  #codec: string | null = null;
  #inputOpen = false;
  /** Of the stream's time base, ms; undefined until ffmpeg states it. */
  #unitMs: number | undefined;

  constructor(handlers: FfmpegLogHandlers) {
    this.#handlers = handlers;
  }

  /** Codec of the video as ffmpeg names it, e.g. `h264 (Main)`. */
  get codec(): string | null {
    return this.#codec;
  }

  /** True once ffmpeg has opened the input and described it. */
  get inputOpen(): boolean {
    return this.#inputOpen;
  }

  /** The newest warnings and errors, passwords removed. */
  get problems(): readonly string[] {
    return this.#problems;
  }

  line(text: string): void {
    // Two lines per picture, and the second is the same for all: comparing it costs next to nothing.
    if (text === this.#colourLine) {
      this.flush();
      return;
    }
    const picture = / pts: *(\S+) +pts_time:(\S+) .*\bs:(\d+)x(\d+)\b/.exec(text);
    if (picture !== null) {
      this.flush();
      this.#pendingPtsMs = this.#exactMs(picture[1]!) ?? Number.parseFloat(picture[2]!) * 1000;
      this.#setSource(Number(picture[3]), Number(picture[4]));
      return;
    }
    const colour = /\bcolor_range:\S+ color_space:(\S+)/.exec(text);
    if (colour !== null) {
      this.#colourLine = text;
      this.#setColourSpace(colour[1]!);
      this.flush();
      return;
    }
    this.#otherLine(text);
  }

  /** Hands out a picture whose colour line has not come: at the end, and from an ffmpeg that writes none. */
  flush(): void {
    const ptsMs = this.#pendingPtsMs;
    if (ptsMs === undefined) return;
    this.#pendingPtsMs = undefined;
    this.#colour ??= colourOf(this.#colourSpace, this.#source);
    this.#handlers.picture({ ptsMs, source: this.#source, colour: this.#colour });
  }

  /** Why ffmpeg gave up or gives no picture; undefined when it did not say. */
  failure(): CaptureFailure | undefined {
    return ffmpegFailure(this.#problems);
  }

  #setSource(widthPx: number, heightPx: number): void {
    if (this.#source.widthPx === widthPx && this.#source.heightPx === heightPx) return;
    this.#source = { widthPx, heightPx };
    this.#colour = undefined;
  }

  #setColourSpace(space: string): void {
    if (this.#colourSpace === space) return;
    this.#colourSpace = space;
    this.#colour = undefined;
  }

  /** `pts_time` has six digits: after three hours of a connection it is off by 50 ms, after a day by half a second. */
  #exactMs(pts: string): number | undefined {
    return this.#unitMs === undefined ? undefined : Number.parseInt(pts, 10) * this.#unitMs;
  }

  #otherLine(text: string): void {
    const base = /\bconfig in time_base: *(\d+)\/(\d+)/.exec(text);
    if (base !== null && Number(base[2]) > 0) this.#unitMs = (1000 * Number(base[1])) / Number(base[2]);
    if (/\bInput #0,/.test(text)) this.#inputOpen = true;
    const codec = /Stream #0:.*? Video: ([^,]+)/.exec(text)?.[1];
    // "h264 (Main) (avc1 / 0x31637661)": the container's tag says nothing more.
    if (codec !== undefined) this.#codec ??= codec.replace(/ \([^()]* \/ 0x[0-9A-F]+\)$/i, '');
    const problem = /\[(warning|error|fatal|panic)\] (.*)/.exec(text)?.[2];
    if (problem === undefined) return;
    this.#problems.push(redactUrl(problem));
    if (this.#problems.length > KEPT_LINES) this.#problems.shift();
    if (isLostPicture(problem)) this.#handlers.lostPicture();
  }
}

/** The pipe is always limited range (`out_range=tv`); an unstated matrix is told by the size, as players do. */
function colourOf(space: string, source: SizePx): Colour {
  if (/^(bt709|bt2020)/.test(space)) return { matrix: 'bt709', range: 'limited' };
  if (space === 'unknown' && source.heightPx >= 720) return { matrix: 'bt709', range: 'limited' };
  return { matrix: 'bt601', range: 'limited' };
}
