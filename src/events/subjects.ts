import type { Track } from '../flow/track.ts';
import type { Subject } from './subject.ts';

/** Candidates and objects of one camera. */
export class Subjects {
  #all: Subject[] = [];
  /** Undefined when they must be told apart anew. */
  #objects: readonly Subject[] | undefined;
  /** Whom a track belongs to so far, if anybody. */
  readonly carriedBy = (track: Track) => this.#all.find((subject) => subject.trackId === track.trackId);

  /** Oldest first. */
  get all(): readonly Subject[] {
    return this.#all;
  }

  /** Those that are believed, oldest first; the same array as long as they are the same. */
  get objects(): readonly Subject[] {
    this.#objects ??= this.#all.filter((subject) => subject.objectId !== undefined);
    return this.#objects;
  }

  add(subject: Subject): void {
    this.#all.push(subject);
    this.#objects = undefined;
  }

  /** Makes an object of a candidate. */
  believe(subject: Subject, objectId: string): void {
    subject.objectId = objectId;
    this.#objects = undefined;
  }

  remove(subject: Subject): void {
    this.#all = this.#all.filter((other) => other !== subject);
    this.#objects = undefined;
  }
}
