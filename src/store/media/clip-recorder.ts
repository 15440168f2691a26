import { join } from 'node:path';
import { messageOf } from '../../base/errors.ts';
import type { Logger } from '../../base/log.ts';
import type { RecordConfig } from '../../config/camera-schema.ts';
import type { MediaFragment, MediaSink } from '../../flow/media.ts';
import { ClipFile } from './clip-file.ts';
import type { PreRoll } from './pre-roll.ts';

/** An object is believed, and its start told, so long after it was first seen at most. */
const MOST_DOUBT_MS = 5_000;

/** How far back a recorder's pre-roll must reach, ms. */
export function preRollKeepMs({ preRollMs }: Pick<RecordConfig, 'preRollMs'>): number {
  return preRollMs + MOST_DOUBT_MS;
}

export interface ClipRecorderOptions {
  readonly cameraId: string;
  readonly config: RecordConfig;
  /** Storage folder: links are relative to it. */
  readonly folder: string;
  /** Gets every fragment, and every end, before this does. */
  readonly preRoll: PreRoll;
  /** False when the disk is too full for another clip. */
  readonly hasRoom: () => boolean;
  readonly log: Logger;
}

interface Clip {
  readonly link: string;
  readonly file: ClipFile;
  readonly beginsAtMs: number;
}

/**
 * Records one camera: a clip begins with an object's start, its pre-roll before, and ends with the post-roll of the last
 * object that is there. Objects that overlap share a clip. A lost connection ends it, for another's pictures cannot go on
 * in the same file; what is still there then gets a new one.
 */
export class ClipRecorder implements MediaSink {
  readonly #options: ClipRecorderOptions;
  readonly #log: Logger;
  /** Links of the objects that are there. */
  readonly #objects = new Map<string, string | null>();
  readonly #closing = new Set<Promise<void>>();
  #clip: Clip | undefined;
  #continueFor: string | undefined;
  #endsAtMs = Number.POSITIVE_INFINITY;

  constructor(options: ClipRecorderOptions) {
    const { log, cameraId } = options;
    this.#options = options;
    this.#log = log.child({ camera: cameraId });
  }

  fragment(fragment: MediaFragment): void {
    if (this.#continueFor !== undefined && fragment.keyframe) {
      this.#begin(this.#continueFor, fragment.captureAtMs);
      this.#continueFor = undefined;
      return;
    }
    const clip = this.#clip;
    if (clip === undefined) return;
    const { captureAtMs } = fragment;
    const over = captureAtMs > this.#endsAtMs || captureAtMs - clip.beginsAtMs >= this.#options.config.maxMs;
    if (over) this.#end();
    else if (!this.#options.hasRoom()) {
      this.#log.warn({ clip: clip.link }, 'disk nearly full: clip cut short');
      this.#end();
    } else clip.file.append(fragment);
  }

  ended(): void {
    if (this.#clip === undefined) return;
    this.#end();
    this.#continueFor = [...this.#objects.keys()].at(-1);
  }

  unusable(why: string): void {
    this.#log.warn({ why }, 'this camera cannot be recorded; detection goes on');
  }

  /** @returns where the clip will be, relative to the storage folder; null when there is none */
  objectStarted(objectId: string, label: string, startedAtMs: number): string | null {
    const { config } = this.#options;
    if (config.objects !== undefined && !config.objects.includes(label)) return null;
    this.#endsAtMs = Number.POSITIVE_INFINITY;
    if (this.#clip === undefined) this.#begin(objectId, startedAtMs - config.preRollMs);
    const link = this.#clip?.link ?? null;
    this.#objects.set(objectId, link);
    return link;
  }

  /** Where the clip that an object's visit began in is. */
  linkOf(objectId: string): string | null {
    return this.#objects.get(objectId) ?? null;
  }

  objectEnded(objectId: string, endedAtMs: number): void {
    if (!this.#objects.delete(objectId) || this.#objects.size > 0) return;
    this.#endsAtMs = endedAtMs + this.#options.config.postRollMs;
    this.#continueFor = undefined;
  }

  /** Completes what is being written. */
  async close(): Promise<void> {
    this.#end();
    this.#continueFor = undefined;
    await Promise.all(this.#closing);
  }

  #begin(objectId: string, fromMs: number): void {
    const fragments = this.#options.preRoll.since(fromMs);
    const [first] = fragments;
    if (first === undefined) return;
    const { cameraId, folder } = this.#options;
    if (!this.#options.hasRoom()) {
      this.#log.warn({ objectId }, 'disk nearly full: no clip is begun');
      return;
    }
    const time = new Date(first.captureAtMs).toISOString();
    const name = `${time.slice(11, 23).replaceAll(':', '-')}-${objectId}.mp4`;
    const link = `clips/${cameraId}/${time.slice(0, 10)}/${name}`;
    const file = new ClipFile(join(folder, link), (error) => {
      this.#log.error({ clip: link, error: messageOf(error) }, 'clip cannot be written');
      if (this.#clip?.file === file) this.#clip = undefined;
    });
    this.#clip = { link, file, beginsAtMs: first.captureAtMs };
    for (const fragment of fragments) file.append(fragment);
  }

  #end(): void {
    const clip = this.#clip;
    this.#clip = undefined;
    if (clip === undefined) return;
    const done = clip.file.finish().then((complete) => {
      if (complete) this.#log.info({ clip: clip.link }, 'clip complete');
      this.#closing.delete(done);
    });
    this.#closing.add(done);
  }
}
