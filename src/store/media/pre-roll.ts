import type { FrameTimes } from '../../flow/frame.ts';
import type { MediaFragment, MediaSink } from '../../flow/media.ts';

/** Times of one picture come to this agreement however they were rounded on the way. */
const SAME_PICTURE_MS = 20;
/** Presentation times come again when a camera starts its clock anew; capture times this far apart are not of one picture. */
const SAME_TIMELINE_MS = 2_000;

/**
 * The newest encoded video of one camera in memory, so that a clip can begin before what it is about, and a picture be decoded
 * that has passed. It begins at a keyframe, always, and holds `keepMs` and what is left of the group of pictures before.
 */
export class PreRoll implements MediaSink {
  readonly #keepMs: number;
  readonly #maxBytes: number;
  #fragments: MediaFragment[] = [];
  #bytes = 0;
  #over = false;

  /** @param keepMs how far back a clip may begin @param maxBytes most memory; a longer group of pictures is not kept */
  constructor(keepMs: number, maxBytes: number) {
    this.#keepMs = keepMs;
    this.#maxBytes = maxBytes;
  }

  get bytes(): number {
    return this.#bytes;
  }

  fragment(fragment: MediaFragment): void {
    if (this.#over || this.#fragments[0]?.stream !== fragment.stream) this.#clear();
    // What was dropped for its size cannot be decoded from the middle: wait for the next keyframe.
    if (this.#fragments.length === 0 && !fragment.keyframe) return;
    this.#fragments.push(fragment);
    this.#bytes += fragment.data.length;
    if (fragment.keyframe) this.#trim(fragment.captureAtMs - this.#keepMs);
    while (this.#bytes > this.#maxBytes) this.#drop(this.#secondKeyframe() ?? this.#fragments.length);
  }

  /** No clip begins in what is over, but pictures of it can still be had until the next connection. */
  ended(): void {
    this.#over = true;
  }

  unusable(): void {
    this.#clear();
  }

  /** From the last keyframe at or before `atMs`, or the first there is, to the newest. */
  since(atMs: number): readonly MediaFragment[] {
    if (this.#over) return [];
    const from = this.#fragments.findLastIndex(
      (fragment) => fragment.keyframe && fragment.captureAtMs <= atMs,
    );
    return this.#fragments.slice(Math.max(0, from));
  }

  /**
   * What must be decoded to see the picture of a frame, in decode order: from the last keyframe that is not shown after it to
   * the picture itself, which is the last.
   * @returns `later` when it has yet to come, for it comes through another pipe than the frame; undefined when it is not here
   */
  picture(times: Pick<FrameTimes, 'captureAtMs' | 'ptsMs'>): readonly MediaFragment[] | 'later' | undefined {
    const fragments = this.#fragments;
    let at = -1;
    let offMs = SAME_PICTURE_MS;
    for (const [index, fragment] of fragments.entries()) {
      if (Math.abs(fragment.captureAtMs - times.captureAtMs) > SAME_TIMELINE_MS) continue;
      const distanceMs = distance(fragment, times);
      if (distanceMs > offMs) continue;
      offMs = distanceMs;
      at = index;
    }
    const [oldest, wanted] = [fragments[0], fragments[at]];
    if (oldest === undefined || wanted === undefined) {
      return this.#over || oldest === undefined || times.captureAtMs < oldest.captureAtMs
        ? undefined
        : 'later';
    }
    // Pictures that follow a keyframe and are shown before it may need the group before (ISO/IEC 23008-2: RASL).
    const from = fragments.findLastIndex(
      ({ keyframe, ptsMs }, index) => keyframe && index <= at && ptsMs <= wanted.ptsMs,
    );
    return from < 0 ? undefined : fragments.slice(from, at + 1);
  }

  #clear(): void {
    this.#fragments = [];
    this.#bytes = 0;
    this.#over = false;
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

/** How far a fragment is from a frame, ms: exact where both have a presentation time. */
function distance(
  fragment: MediaFragment,
  { ptsMs, captureAtMs }: Pick<FrameTimes, 'captureAtMs' | 'ptsMs'>,
): number {
  return Math.abs(ptsMs === undefined ? fragment.captureAtMs - captureAtMs : fragment.ptsMs - ptsMs);
}
