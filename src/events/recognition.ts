import type { BoxPx } from '../flow/geometry.ts';
import { iou } from '../flow/geometry.ts';
import type { Track } from '../flow/track.ts';
import { continuationCost } from './continuity.ts';
import { type EmbeddingLooks, similarity } from './embedding.ts';
import type { Subject } from './subject.ts';

/** What an operator says of re-identification. */
export interface RecognitionOptions {
  /** Labels that the model knows. */
  readonly labels: readonly string[];
  /** Least cosine of two views of one object. */
  readonly minSimilarity: number;
}

/** Something that a re-identification model should look at. */
export interface Recognisable {
  /** The same for the same thing from frame to frame. */
  readonly key: string;
  /** Of an object; undefined for a candidate. */
  readonly objectId: string | undefined;
  readonly boxPx: BoxPx;
  readonly looks: EmbeddingLooks;
}

/** Whether something is a known object: `later` when a look at it is worth waiting for, `unknown` when looks say nothing. */
export type Verdict = 'same' | 'other' | 'later' | 'unknown';

/** A track that breaks for less is a fault of the tracker: place and time alone say who it is. */
const SHORT_BREAK_MS = 1_000;
/** So long a candidate that may be a lost object waits for a look at it; then place and time decide. */
const LOOK_WAIT_MS = 600;
/** A candidate that overlaps the place of an unseen object so much may be that object. */
const PLACE_IOU = 0.5;

/**
 * Who is who by their looks. Believed objects are looked at as long as that tells more; candidates only while they may be an
 * object that was lost a while ago. Until they have been, nobody binds or believes them, for a moment at most.
 */
export class Recognition {
  readonly #options: RecognitionOptions | undefined;

  /** @param options undefined: there is no model, and looks say nothing */
  constructor(options: RecognitionOptions | undefined) {
    this.#options = options;
  }

  /**
   * @param candidate what a track of `label` carries so far; undefined in its first frame
   * @param monoMs now
   */
  judge(object: Subject, candidate: Subject | undefined, label: string, monoMs: number): Verdict {
    if (this.#options?.labels.includes(label) !== true || object.looks.mean === undefined) return 'unknown';
    const beganMonoMs = candidate?.first.monoMs ?? monoMs;
    if (beganMonoMs - object.last.monoMs < SHORT_BREAK_MS) return 'unknown';
    const like = similarity(object.looks.mean, candidate?.looks.mean);
    if (like !== undefined) return like >= this.#options.minSimilarity ? 'same' : 'other';
    return monoMs - beganMonoMs < LOOK_WAIT_MS ? 'later' : 'unknown';
  }

  /** `judge` for tracks, at one moment. @param carriedBy the candidate that a track carries so far, if any */
  judgeAt(monoMs: number, carriedBy: (track: Track) => Subject | undefined) {
    return (object: Subject, track: Track): Verdict =>
      this.judge(object, carriedBy(track), track.label, monoMs);
  }

  /** Whether a candidate has to be looked at before anything is decided about it. */
  awaits(candidate: Subject, objects: readonly Subject[], monoMs: number): boolean {
    return objects.some(
      (object) =>
        isWithinReach(object, candidate) &&
        this.judge(object, candidate, candidate.label, monoMs) === 'later',
    );
  }

  /** What is worth a look in the newest frame. */
  worthALook(subjects: readonly Subject[], monoMs: number): Recognisable[] {
    if (this.#options === undefined) return [];
    const { labels } = this.#options;
    const objects = subjects.filter(({ objectId }) => objectId !== undefined);
    return subjects.flatMap((subject) => {
      const { objectId, label, trackId, unseenUpdates, looks, last } = subject;
      if (unseenUpdates > 0 || !labels.includes(label)) return [];
      if (objectId === undefined && !this.awaits(subject, objects, monoMs)) return [];
      return [{ key: objectId ?? `track-${trackId}`, objectId, boxPx: last.boxPx, looks }];
    });
  }
}

/** Whether an unseen object can have got to where the candidate is. */
function isWithinReach(object: Subject, { label, last, first }: Subject): boolean {
  if (object.unseenUpdates === 0) return false;
  if (iou(object.last.boxPx, last.boxPx) >= PLACE_IOU) return true;
  return object.label === label && continuationCost(object.last, first.boxPx, first.monoMs) !== undefined;
}
