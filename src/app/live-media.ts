import type { MediaFragment, MediaSink } from '../flow/media.ts';

/** Most memory of one camera. A longer group of pictures is not kept: who comes then waits for the next keyframe. */
const MAX_BYTES = 8 * 1024 * 1024;

/** A camera's own video for those who watch it: the newest keyframe and what came after it is kept, and no more. */
export class LiveMedia implements MediaSink {
  readonly #watchers = new Set<MediaSink>();
  readonly #maxBytes: number;
  #group: MediaFragment[] = [];
  #bytes = 0;
  #mime: string | null = null;
  #unusable: string | undefined;

  constructor(maxBytes = MAX_BYTES) {
    this.#maxBytes = maxBytes;
  }

  /** As `video/mp4; codecs="..."`; null while it is not known. */
  get mime(): string | null {
    return this.#mime;
  }

  /** Bytes kept for who comes next. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Gives what is there from the newest keyframe on at once, then what comes. @returns ends it */
  watch(sink: MediaSink): () => void {
    if (this.#unusable !== undefined) {
      sink.unusable(this.#unusable);
      return () => {};
    }
    this.#watchers.add(sink);
    for (const fragment of this.#group) sink.fragment(fragment);
    return () => void this.#watchers.delete(sink);
  }

  fragment(fragment: MediaFragment): void {
    this.#mime = fragment.stream.mime;
    this.#keep(fragment);
    for (const watcher of this.#watchers) watcher.fragment(fragment);
  }

  ended(): void {
    this.#clear();
    for (const watcher of this.#watchers) watcher.ended();
  }

  unusable(why: string): void {
    this.#unusable = why;
    this.#mime = null;
    this.#clear();
    for (const watcher of this.#watchers) watcher.unusable(why);
    this.#watchers.clear();
  }

  #keep(fragment: MediaFragment): void {
    if (fragment.keyframe || this.#group[0]?.stream !== fragment.stream) this.#clear();
    // What begins in the middle of a group cannot be decoded.
    if (this.#group.length === 0 && !fragment.keyframe) return;
    this.#group.push(fragment);
    this.#bytes += fragment.data.length;
    if (this.#bytes > this.#maxBytes) this.#clear();
  }

  #clear(): void {
    this.#group = [];
    this.#bytes = 0;
  }
}
