import type { MediaFragment } from '../../flow/media.ts';

/**
 * The newest encoded video of one camera in memory, so that a clip can begin before what it is about. It begins at a
 * keyframe, always, and holds `keepMs` and what is left of the group of pictures before.
 */
export class PreRoll {
  readonly #keepMs: number;
  readonly #maxBytes: number;
  #fragments: MediaFragment[] = [];
  #bytes = 0;

  /** @param keepMs how far back a clip may begin @param maxBytes most memory; a longer group of pictures is not kept */
  constructor(keepMs: number, maxBytes: number) {
    this.#keepMs = keepMs;
    this.#maxBytes = maxBytes;
  }

  get bytes(): number {
    return this.#bytes;
  }

  push(fragment: MediaFragment): void {
    if (this.#fragments[0] !== undefined && this.#fragments[0].stream !== fragment.stream) this.clear();
    // What was dropped for its size cannot be decoded from the middle: wait for the next keyframe.
    if (this.#fragments.length === 0 && !fragment.keyframe) return;
    this.#fragments.push(fragment);
    this.#bytes += fragment.data.length;
    if (fragment.keyframe) this.#trim(fragment.captureAtMs - this.#keepMs);
    while (this.#bytes > this.#maxBytes) this.#drop(this.#secondKeyframe() ?? this.#fragments.length);
  }

  /** From the last keyframe at or before `atMs`, or the first there is, to the newest. */
  since(atMs: number): readonly MediaFragment[] {
    const from = this.#fragments.findLastIndex(
      (fragment) => fragment.keyframe && fragment.captureAtMs <= atMs,
    );
    return this.#fragments.slice(Math.max(0, from));
  }

  clear(): void {
    this.#fragments = [];
    this.#bytes = 0;
  }

  #trim(beforeMs: number): void {
    const from = this.#fragments.findLastIndex(
      (fragment) => fragment.keyframe && fragment.captureAtMs <= beforeMs,
    );
    if (from > 0) this.#drop(from);
  }

  #secondKeyframe(): number | undefined {
    const index = this.#fragments.findIndex((fragment, at) => at > 0 && fragment.keyframe);
    return index < 0 ? undefined : index;
  }

  #drop(count: number): void {
    for (const { data } of this.#fragments.splice(0, count)) this.#bytes -= data.length;
  }
}
