import { TransportFailure } from './stage.ts';

/** Played video that is kept, so that a browser has something to go back to when it stumbles. */
const KEEP_BEHIND_S = 10;
/** Fragments that wait for the browser: more than this and it does not keep up. */
const MAX_WAITING = 300;

/** Feeds fragments to a video element, one after the other as a SourceBuffer wants them. */
export class SourceFeed {
  readonly #source = new MediaSource();
  readonly #video: HTMLVideoElement;
  readonly #fail: (error: Error) => void;
  readonly #url: string;
  #waiting: ArrayBuffer[] = [];
  #buffer: SourceBuffer | undefined;

  constructor(video: HTMLVideoElement, mime: string, fail: (error: Error) => void) {
    this.#video = video;
    this.#fail = fail;
    this.#source.addEventListener('sourceopen', () => this.#opened(mime), { once: true });
    this.#url = URL.createObjectURL(this.#source);
    video.src = this.#url;
  }

  append(fragment: ArrayBuffer): void {
    this.#waiting.push(fragment);
    if (this.#waiting.length > MAX_WAITING) this.#fail(new TransportFailure('the browser does not keep up'));
    this.#feed();
  }

  close(): void {
    this.#waiting = [];
    URL.revokeObjectURL(this.#url);
  }

  #opened(mime: string): void {
    if (this.#source.readyState !== 'open') return;
    this.#buffer = this.#source.addSourceBuffer(mime);
    this.#buffer.addEventListener('updateend', () => this.#feed());
    this.#buffer.addEventListener('error', () =>
      this.#fail(new TransportFailure(this.#video.error?.message || 'the browser cannot decode the stream')),
    );
    this.#feed();
  }

  #feed(): void {
    const buffer = this.#buffer;
    if (buffer === undefined || buffer.updating || this.#source.readyState !== 'open') return;
    try {
      const { buffered } = buffer;
      const keepFromS = this.#video.currentTime - KEEP_BEHIND_S;
      if (buffered.length > 0 && buffered.start(0) < keepFromS - KEEP_BEHIND_S) {
        buffer.remove(0, keepFromS);
        return;
      }
      const next = this.#waiting.shift();
      if (next !== undefined) buffer.appendBuffer(next);
    } catch (error) {
      this.#fail(new TransportFailure(error instanceof Error ? error.message : String(error)));
    }
  }
}
