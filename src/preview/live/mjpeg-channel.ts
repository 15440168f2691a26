import { messageOf } from '../../base/errors.ts';
import type { Logger } from '../../base/log.ts';
import { Mailbox } from '../../flow/mailbox.ts';
import type { LiveFeed, LivePicture } from './live-feed.ts';
import type { NewestStream } from './newest-stream.ts';

/** Of `multipart/x-mixed-replace` (RFC 2046, 5.1). */
export const MJPEG_BOUNDARY = 'ocellus-picture';

/** The pictures of one camera as JPEGs, encoded once however many watch, and not at all while nobody does. */
export class MjpegChannel {
  readonly #feed: LiveFeed;
  readonly #log: Logger;
  readonly #viewers = new Set<NewestStream>();
  readonly #newest = new Mailbox<LivePicture>(() => {});
  #encoding = false;
  #unwatch: (() => void) | undefined;

  constructor(feed: LiveFeed, log: Logger) {
    this.#feed = feed;
    this.#log = log;
  }

  add(viewer: NewestStream): void {
    this.#viewers.add(viewer);
    this.#unwatch ??= this.#feed.watchPictures((picture) => {
      this.#newest.put(picture);
      void this.#encodeNewest();
    });
  }

  remove(viewer: NewestStream): void {
    this.#viewers.delete(viewer);
    if (this.#viewers.size > 0) return;
    this.#unwatch?.();
    this.#unwatch = undefined;
    this.#newest.clear();
  }

  /** One picture at a time: the encoder that cannot keep up skips pictures too. */
  async #encodeNewest(): Promise<void> {
    if (this.#encoding) return;
    this.#encoding = true;
    try {
      for (let picture = this.#next(); picture !== undefined; picture = this.#next()) {
        const part = partOf(await this.#feed.encodeJpeg(picture), picture.captureAtMs);
        for (const viewer of this.#viewers) viewer.offer(part);
      }
    } catch (error) {
      this.#log.warn({ error: messageOf(error) }, 'picture of a preview could not be encoded');
    } finally {
      this.#encoding = false;
    }
  }

  /** Nothing is encoded that nobody has room for. */
  #next(): LivePicture | undefined {
    return [...this.#viewers].some(({ hasRoom }) => hasRoom) ? this.#newest.take() : undefined;
  }
}

function partOf(jpeg: Buffer, captureAtMs: number): Buffer {
  const head = [
    `--${MJPEG_BOUNDARY}`,
    'Content-Type: image/jpeg',
    `Content-Length: ${jpeg.length}`,
    `X-Capture-At-Ms: ${Math.round(captureAtMs)}`,
  ];
  return Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`), jpeg, Buffer.from('\r\n')]);
}
