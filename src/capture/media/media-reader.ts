import type { MediaFragment, MediaSink, MediaStream } from '../../flow/media.ts';
import type { ByteReader } from '../byte-reader.ts';
import { readInit, readMoof, type SampleDefaults } from './fragment-fields.ts';
import { BOX_HEADER_BYTES, boxHeader, Mp4FormatError } from './mp4-boxes.ts';

/** ffmpeg is told to add so much to every time, because MP4 has no negative ones and B-frames begin with them. */
export const TIME_SHIFT_S = 10;

/** A 4K keyframe is 1 to 4 MiB. What claims more is not a picture. */
const MOST_BOX_BYTES = 32 * 1024 * 1024;
const MOST_HEADER_BYTES = 1024 * 1024;
/** Fragments that may wait for the first decoded picture, which tells what time it is. */
const MOST_EARLY_BYTES = 16 * 1024 * 1024;

type Untimed = Omit<MediaFragment, 'captureAtMs'>;

/** Reads one connection's fragmented MP4 from a pipe and says when each picture was captured. */
export class MediaReader {
  readonly #bytes: ByteReader;
  readonly #sink: MediaSink;
  readonly #offsetMs: () => number | undefined;
  readonly #header = new Uint8Array(BOX_HEADER_BYTES);
  #early: Untimed[] = [];
  #earlyBytes = 0;

  /** @param offsetMs capture time minus presentation time of the newest decoded picture; undefined before the first */
  constructor(bytes: ByteReader, sink: MediaSink, offsetMs: () => number | undefined) {
    this.#bytes = bytes;
    this.#sink = sink;
    this.#offsetMs = offsetMs;
  }

  /**
   * Reads to the end of the pipe, always: an unread pipe would hold up ffmpeg and with it detection. Never rejects; bytes
   * that are no MP4 make the stream unusable.
   */
  async run(): Promise<void> {
    try {
      await this.#read();
    } catch (error) {
      if (!(error instanceof Mp4FormatError)) throw error;
      this.#sink.unusable(`the copied stream cannot be read: ${error.message}`);
    }
    this.#sink.ended();
    await this.#bytes.skip(Number.POSITIVE_INFINITY);
  }

  async #read(): Promise<void> {
    const opened = await this.#readInit();
    if (opened === undefined) return;
    const { stream, defaults } = opened;
    let moof: Uint8Array | undefined;
    for (let box = await this.#nextHeader(); box !== undefined; box = await this.#nextHeader()) {
      if (box.type !== 'moof' && box.type !== 'mdat') {
        if (!(await this.#bytes.skip(box.bytes - BOX_HEADER_BYTES))) return;
        continue;
      }
      const before = box.type === 'mdat' ? (moof ?? new Uint8Array(0)) : new Uint8Array(0);
      const data = await this.#body(box.bytes, before);
      if (data === undefined) return;
      if (box.type === 'moof') moof = data;
      else if (moof !== undefined) {
        this.#take(stream, defaults, moof, data);
        moof = undefined;
      }
    }
  }

  async #readInit(): Promise<{ stream: MediaStream; defaults: SampleDefaults } | undefined> {
    let init: Uint8Array = new Uint8Array(0);
    for (let box = await this.#nextHeader(); box !== undefined; box = await this.#nextHeader()) {
      if (box.bytes + init.length > MOST_HEADER_BYTES) throw new Mp4FormatError('the header is too large');
      const longer = await this.#body(box.bytes, init);
      if (longer === undefined) return undefined;
      init = longer;
      if (box.type !== 'moov') continue;
      const { codec, mime, timescale, defaults } = readInit(init);
      if (typeof codec !== 'string') {
        this.#sink.unusable(`browsers cannot play the camera's codec (${codec.other}) from MP4`);
        return undefined;
      }
      return { stream: { init, codec, mime, timescale, timeShiftS: TIME_SHIFT_S }, defaults };
    }
    return undefined;
  }

  #take(stream: MediaStream, defaults: SampleDefaults, moof: Uint8Array, data: Uint8Array): void {
    const { compositionOffset, ...fields } = readMoof(moof, defaults);
    const { decodeTime } = fields;
    const ptsMs = ((decodeTime + compositionOffset) / stream.timescale - TIME_SHIFT_S) * 1000;
    const fragment: Untimed = { stream, data, ptsMs, ...fields };
    const offsetMs = this.#offsetMs();
    if (offsetMs === undefined) {
      this.#early.push(fragment);
      this.#earlyBytes += data.length;
      if (this.#earlyBytes > MOST_EARLY_BYTES) this.#early = [];
      return;
    }
    for (const waited of this.#early.splice(0)) this.#give(waited, offsetMs);
    this.#give(fragment, offsetMs);
  }

  #give(fragment: Untimed, offsetMs: number): void {
    this.#sink.fragment({ ...fragment, captureAtMs: fragment.ptsMs + offsetMs });
  }

  async #nextHeader(): Promise<{ type: string; bytes: number } | undefined> {
    if (!(await this.#bytes.readInto(this.#header))) return undefined;
    const header = boxHeader(this.#header);
    if (header.bytes > MOST_BOX_BYTES) throw new Mp4FormatError(`box "${header.type}" is too large`);
    return header;
  }

  /** What came `before`, then the box whose header was just read, in one buffer. */
  async #body(bytes: number, before: Uint8Array): Promise<Uint8Array | undefined> {
    const data = new Uint8Array(before.length + bytes);
    data.set(before);
    data.set(this.#header, before.length);
    const whole = await this.#bytes.readInto(data.subarray(before.length + BOX_HEADER_BYTES));
    return whole ? data : undefined;
  }
}
