import type { Clock, Timer } from '../../base/clock.ts';
import { withDeadline } from '../../base/deadline.ts';
import { explain, isAbort } from '../../base/errors.ts';
import type { Logger } from '../../base/log.ts';
import { type ProcessLock, tryProcessLock } from '../../base/process-lock.ts';
import { Backoff, type BackoffOptions } from '../../base/retry.ts';
import { BuildRecord } from './build-record.ts';
import { BUILD_BACKOFF, type BuildJob, type EngineBuilder } from './engine-builder.ts';
import { ENGINE_LOCK, type EngineCache } from './engine-cache.ts';
import { type EngineFacts, engineKey } from './engine-key.ts';
import { buildProgress, describeEngine, type EngineState, type EngineStatus } from './engine-status.ts';

/** While another process builds the engine, the cache is looked into this often. */
const LOOK_AGAIN_MS = 5_000;
/** A build says so often in the log how far it is. */
const SAY_AGAIN_MS = 30_000;

export interface EngineKeeperParts {
  readonly cache: EngineCache;
  readonly facts: EngineFacts;
  readonly builder: EngineBuilder;
  /** @param folder where the engine is to lie */
  readonly job: (folder: string) => BuildJob;
  /**
   * Opens the sessions on the engine in `folder` and makes them the ones that serve. Rejects when the engine is not what it
   * should be; it is thrown away and built anew then.
   */
  readonly use: (folder: string) => Promise<void>;
  /** Builds of one engine that may begin before it is given up. */
  readonly maxAttempts: number;
  /** Keys of engines in use by others of this process. */
  readonly inUse: () => ReadonlySet<string>;
  readonly backoff?: BackoffOptions;
  readonly clock: Clock;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly log: Logger;
  /** The state is another one. */
  readonly changed?: (status: EngineStatus) => void;
}

/**
 * Sees to it that a model gets its TensorRT engine, while something else serves: looks into the cache, has the engine built when
 * there is none to be believed, and hands it over. Everything that goes wrong is a state and a line in the log.
 */
export class EngineKeeper {
  readonly key: string;
  readonly #parts: EngineKeeperParts;
  readonly #record: BuildRecord;
  readonly #backoff: Backoff;
  readonly #closing = new AbortController();
  #state: EngineState = 'checking';
  #sinceMonoMs: number;
  #expectedMs: number | null = null;
  #retryMonoMs: number | null = null;
  #attempts = 0;
  #hasPaused = false;
  #tookMs: number | null = null;
  #lastError: string | null = null;
  #work: Promise<void> | undefined;

  constructor(parts: EngineKeeperParts) {
    this.#parts = parts;
    this.key = engineKey(parts.facts);
    this.#record = new BuildRecord(parts.cache.folder);
    this.#backoff = new Backoff(parts.backoff ?? BUILD_BACKOFF, parts.random);
    this.#sinceMonoMs = parts.clock.monoMs();
  }

  get status(): EngineStatus {
    const nowMs = this.#parts.clock.monoMs();
    const forMs = Math.round(nowMs - this.#sinceMonoMs);
    const none = { progress: null, etaMs: null };
    return {
      state: this.#state,
      forMs,
      ...(this.#state === 'building' ? buildProgress(forMs, this.#expectedMs) : none),
      retryMs: this.#retryMonoMs === null ? null : Math.max(0, Math.round(this.#retryMonoMs - nowMs)),
      attempts: this.#attempts,
      maxAttempts: this.#parts.maxAttempts,
      tookMs: this.#tookMs,
      lastError: this.#lastError,
      key: this.key,
    };
  }

  /** The folder of a sound engine; undefined when there is none. What is damaged is thrown away, and said. */
  async find(): Promise<string | undefined> {
    const { cache, facts, log } = this.#parts;
    const found = await cache.find(facts);
    if (found.state === 'sound') {
      this.#tookMs = found.tookMs;
      return found.folder;
    }
    if (found.state === 'damaged') {
      this.#lastError = `the engine in the cache cannot be believed: ${found.reason}`;
      log.warn({ key: this.key, reason: found.reason }, 'engine in the cache is thrown away');
      // Another process may have put a sound one there meanwhile.
      await this.#discard(async () => (await cache.find(facts)).state === 'damaged');
    }
    return undefined;
  }

  /** Begins to work in the background, once; resolves when the engine is in use or given up. Never rejects. */
  run(): Promise<void> {
    if (this.#state === 'ready') return Promise.resolve();
    this.#work ??= this.#run().finally(() => {
      this.#work = undefined;
    });
    return this.#work;
  }

  /** The engine that was in use turned out not to be one. It is thrown away and built anew. */
  async lost(reason: string): Promise<void> {
    this.#lastError = reason;
    this.#tookMs = null;
    this.#enter('checking');
    this.#parts.log.error({ key: this.key, reason }, 'engine does not serve any more');
    await this.#discard().catch((error: unknown) => {
      this.#lastError = explain(error);
    });
    void this.run();
  }

  /** An engine that `find` gave is in use, without `run`. */
  async adopted(): Promise<void> {
    const { cache, facts, clock, inUse } = this.#parts;
    this.#enter('ready');
    this.#lastError = null;
    this.#attempts = 0;
    this.#backoff.reset();
    await this.#record.forgetAttempts(facts);
    await cache.noteUse(facts, clock.wallMs());
    await cache.prune(new Set([this.key, ...inUse()]));
  }

  /** Ends a build and waits for its process to be gone. Idempotent. */
  async close(deadlineMs: number): Promise<void> {
    this.#closing.abort();
    if (this.#work === undefined) return;
    await withDeadline(this.#work, deadlineMs, 'ending the build of an engine', this.#parts.clock);
  }

  async #run(): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted) {
      try {
        if (await this.#step(signal)) return;
      } catch (error) {
        if (isAbort(error) || signal.aborted) return;
        // The disk, most likely: without it there is no cache, and to build at every start is not what anybody wants.
        this.#failed(error);
        this.#enter('failed');
        this.#parts.log.error({ key: this.key, error: explain(error) }, 'engine is given up');
        return;
      }
    }
  }

  /** @returns true when there is nothing left to do */
  async #step(signal: AbortSignal): Promise<boolean> {
    const { clock, facts, maxAttempts, log } = this.#parts;
    this.#enter('checking');
    const folder = await this.find();
    if (folder !== undefined && (await this.#use(folder))) return true;
    const lock = await this.#tryLock();
    if (lock === undefined) {
      this.#enter('waiting');
      await clock.sleep(LOOK_AGAIN_MS, signal);
      return false;
    }
    try {
      const { attempts, lastError } = await this.#record.attempts(facts);
      this.#attempts = attempts;
      if (attempts >= maxAttempts) {
        this.#lastError ??= lastError;
        this.#enter('failed');
        log.error({ key: this.key, engine: describeEngine(this.status) }, 'engine is given up');
        return true;
      }
      // Also after a restart, lest a build that takes the machine down does so in a loop.
      if (attempts === 0 || this.#hasPaused) {
        this.#hasPaused = false;
        await this.#build(signal);
        return false;
      }
    } finally {
      lock.release();
    }
    await this.#pause(this.#backoff.nextMs(), signal);
    this.#hasPaused = true;
    return false;
  }

  /** Throws the engine away, unless another process is at work on it just now. */
  async #discard(still: () => Promise<boolean> = async () => true): Promise<void> {
    const lock = await this.#tryLock();
    if (lock === undefined) return;
    try {
      if (await still()) await this.#parts.cache.discard(this.#parts.facts);
    } finally {
      lock.release();
    }
  }

  #tryLock(): Promise<ProcessLock | undefined> {
    return tryProcessLock(ENGINE_LOCK, `${this.#parts.cache.folder}/${this.key}`);
  }

  async #pause(delayMs: number, signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#parts;
    this.#retryMonoMs = clock.monoMs() + delayMs;
    this.#enter('waiting');
    log.warn({ key: this.key, engine: describeEngine(this.status) }, 'engine will be built again');
    try {
      await clock.sleep(delayMs, signal);
    } finally {
      this.#retryMonoMs = null;
    }
  }

  /** Whether the engine serves now. One that cannot is thrown away. */
  async #use(folder: string): Promise<boolean> {
    this.#enter('loading');
    try {
      await this.#parts.use(folder);
    } catch (error) {
      if (this.#closing.signal.aborted) throw error;
      this.#failed(error);
      this.#parts.log.error({ key: this.key, error: explain(error) }, 'engine cannot be used');
      await this.#discard();
      await this.#noteAttempt(0, explain(error));
      return false;
    }
    await this.adopted();
    this.#parts.log.info({ key: this.key, tookMs: this.#tookMs }, 'engine is in use');
    return true;
  }

  /** Holding the lock. */
  async #build(signal: AbortSignal): Promise<void> {
    const { cache, facts, builder, job, clock, log } = this.#parts;
    let folder: string | undefined;
    let saying: Timer | undefined;
    try {
      // Whoever held the lock until now may have built it.
      if ((await cache.find(facts)).state === 'sound') return;
      await cache.prune(new Set([this.key, ...this.#parts.inUse()]));
      this.#expectedMs = await this.#record.expectedMs(facts);
      await this.#noteAttempt(1, 'the build was cut short');
      folder = await cache.beginBuild(facts);
      this.#enter('building');
      const say = () => {
        log.info({ key: this.key, engine: describeEngine(this.status) }, 'engine is being built');
        saying = clock.after(SAY_AGAIN_MS, say);
      };
      say();
      const beganMs = clock.monoMs();
      await builder.build(job(folder), signal);
      const tookMs = Math.round(clock.monoMs() - beganMs);
      await cache.commit(facts, folder, tookMs, clock.wallMs());
      await this.#record.noteTime(facts, tookMs);
      log.info({ key: this.key, tookMs }, 'engine is built');
    } catch (error) {
      await this.#buildFailed(error, signal);
    } finally {
      saying?.cancel();
      if (folder !== undefined) await cache.abandon(folder);
    }
  }

  async #buildFailed(error: unknown, signal: AbortSignal): Promise<void> {
    if (isAbort(error) || signal.aborted) {
      // Who stops the program says nothing about the engine.
      await this.#noteAttempt(-1, null);
      throw error;
    }
    this.#failed(error);
    await this.#noteAttempt(0, this.#lastError);
    this.#parts.log.error({ key: this.key, error: this.#lastError }, 'engine could not be built');
  }

  async #noteAttempt(more: -1 | 0 | 1, lastError: string | null): Promise<void> {
    const { facts, clock } = this.#parts;
    this.#attempts = await this.#record.countAttempt(facts, more, lastError, clock.wallMs());
  }

  #failed(error: unknown): void {
    this.#lastError = explain(error);
  }

  #enter(state: EngineState): void {
    if (this.#state === state) return;
    this.#state = state;
    this.#sinceMonoMs = this.#parts.clock.monoMs();
    this.#parts.changed?.(this.status);
  }
}
