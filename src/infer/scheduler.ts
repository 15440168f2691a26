import type { Clock } from '../base/clock.ts';
import { abortError } from '../base/clock.ts';
import { messageOf, OcellusError } from '../base/errors.ts';
import { type Logger, silentLogger } from '../base/log.ts';
import type { BackoffOptions } from '../base/retry.ts';
import type { Service } from '../base/service.ts';
import type { Frame } from '../flow/frame.ts';
import { DetectorSlot } from './detector-slot.ts';
import type { FrameDetector } from './frame-detector.ts';
import { CameraLane, type Lane, type LaneSink } from './lane.ts';
import { type RunCounts, RunTally } from './run-tally.ts';

export type { Lane, LaneSink } from './lane.ts';

export interface SchedulerStatus {
  /** Detectors that there should be. */
  readonly sessions: number;
  /** Detectors that are believed to work. */
  readonly healthy: number;
  /** Runs and openings that failed so far. */
  readonly failures: number;
  readonly lastError: string | null;
  /** Inferences in progress. */
  readonly busy: number;
}

/** Whether frames that were offered come back, for who watches over the program. Counts are since the start. */
export interface SchedulerProgress extends RunCounts {
  /** Detectors that are believed to work. */
  readonly healthy: number;
  /** Frames that wait or are being inferred. */
  readonly owed: number;
  /** Runs and openings that failed. */
  readonly failures: number;
  /** Time that runs have occupied a session, ms. */
  readonly busyMs: number;
}

export interface SchedulerOptions {
  readonly name: string;
  /** Inferences that may run at the same time. */
  readonly sessions: number;
  /** Opens one more detector for the model. */
  readonly open: () => Promise<FrameDetector>;
  readonly clock: Clock;
  /** Uniform in [0, 1); spreads the retries. */
  readonly random: () => number;
  /** Delays before a broken detector is opened anew. */
  readonly backoff?: BackoffOptions;
  /** Called when detectors fail and when they are usable again. */
  readonly onStatus?: (status: SchedulerStatus) => void;
  readonly log?: Logger;
}

const DEFAULT_BACKOFF: BackoffOptions = { initialMs: 500, maxMs: 30_000, factor: 2 };

/**
 * Hands the frames of many cameras to the detectors of one model: the lane that is due first gets the next free one (earliest
 * deadline first). Under overload the lanes get equal shares, and one that asks for less than its share gets all of it; what
 * is too much is dropped, newest frame kept. No queue is longer than one frame a camera.
 */
export class InferenceScheduler implements Service {
  readonly name: string;
  readonly #options: SchedulerOptions;
  readonly #slots: DetectorSlot[] = [];
  readonly #lanes = new Set<CameraLane>();
  readonly #log: Logger;
  readonly #runs = new RunTally();
  #busyMs = 0;
  #closing: Promise<void> | undefined;

  constructor(options: SchedulerOptions) {
    this.name = options.name;
    this.#options = options;
    this.#log = options.log ?? silentLogger;
  }

  /** Opens the detectors, one after the other. When one cannot be opened, `close` closes the others. */
  async start(signal: AbortSignal): Promise<void> {
    const { open, clock, random, backoff = DEFAULT_BACKOFF } = this.#options;
    for (let i = 0; i < this.#options.sessions; i++) {
      if (signal.aborted || this.#closing !== undefined) throw abortError();
      const slot = new DetectorSlot({ open, clock, random, backoff, changed: () => this.#changed() });
      this.#slots.push(slot);
      await slot.start();
    }
    this.#dispatch();
  }

  /**
   * A camera's way in. Offering is allowed before `start`.
   * @param options.periodMs time between two frames that the camera should have inferred
   */
  lane(cameraId: string, options: { periodMs: number }, sink: LaneSink): Lane {
    const monoMs = () => this.#options.clock.monoMs();
    const lane = new CameraLane(cameraId, options.periodMs, sink, monoMs, () => this.#dispatch());
    if (this.#closing !== undefined) lane.close();
    this.#lanes.add(lane);
    return lane;
  }

  /**
   * Puts other detectors in the place of those in use, one after the other and without a gap: a run in progress ends on the old
   * one. When one cannot be opened, it and those after it stay.
   *
   * @param open gives a new detector
   * @throws what `open` throws; `AbortError` when the scheduler is closed meanwhile
   */
  async renew(open: () => Promise<FrameDetector>): Promise<void> {
    for (const slot of this.#slots) await slot.renew(open);
  }

  status(): SchedulerStatus {
    const failing = this.#slots.filter((slot) => slot.lastError !== null);
    return {
      sessions: this.#options.sessions,
      healthy: this.#slots.filter((slot) => slot.healthy).length,
      failures: this.#slots.reduce((sum, slot) => sum + slot.failures, 0),
      lastError: failing.at(-1)?.lastError ?? null,
      busy: this.#slots.filter((slot) => slot.busy).length,
    };
  }

  progress(): SchedulerProgress {
    const { healthy, failures } = this.status();
    const owed = [...this.#lanes].reduce((sum, lane) => sum + lane.pending, 0);
    return { healthy, owed, failures, busyMs: this.#busyMs, ...this.#runs.counts };
  }

  /** Stops feeding, drops what waits, lets the runs finish and closes the detectors. */
  close(deadlineMs: number): Promise<void> {
    this.#closing ??= this.#close(deadlineMs);
    return this.#closing;
  }

  async #close(deadlineMs: number): Promise<void> {
    for (const lane of this.#lanes) lane.stop();
    const outcomes = await Promise.allSettled(this.#slots.map((slot) => slot.close(deadlineMs)));
    const failed = outcomes.find((outcome) => outcome.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  }

  #dispatch(): void {
    for (;;) {
      const slot = this.#slots.find((candidate) => candidate.free);
      if (slot === undefined) return;
      const lane = this.#nextLane();
      const frame = lane?.take();
      if (lane === undefined || frame === undefined) return;
      void this.#run(slot, lane, frame);
    }
  }

  /** The lane that is due first. */
  #nextLane(): CameraLane | undefined {
    let first: CameraLane | undefined;
    const nowMs = this.#options.clock.monoMs();
    for (const lane of this.#lanes) {
      lane.dropLate(nowMs);
      if (lane.closed && lane.pending === 0) this.#lanes.delete(lane);
      const dueMs = lane.dueMonoMs;
      if (dueMs !== undefined && dueMs < (first?.dueMonoMs ?? Number.POSITIVE_INFINITY)) first = lane;
    }
    return first;
  }

  async #run(slot: DetectorSlot, lane: CameraLane, frame: Frame): Promise<void> {
    let deliver: () => void;
    const startedMs = this.#options.clock.monoMs();
    try {
      const result = await slot.detect(frame);
      this.#runs.gaveResult();
      const inferredAtMs = this.#options.clock.wallMs();
      deliver = () => lane.sink.result(frame, result, inferredAtMs);
    } catch (error) {
      const failure =
        error instanceof OcellusError
          ? error
          : new OcellusError('internal', messageOf(error), { cause: error });
      this.#runs.failed(failure);
      deliver = () => lane.sink.failed(frame, failure);
    }
    lane.done();
    this.#busyMs += this.#options.clock.monoMs() - startedMs;
    try {
      if (lane.closed) lane.sink.dropped(frame, 'closed');
      else deliver();
    } catch (error) {
      // One camera's consumer must not stop the inference of the others.
      this.#log.error(
        { camera: lane.cameraId, error: messageOf(error) },
        'a consumer of inference results failed',
      );
    }
    this.#dispatch();
  }

  #changed(): void {
    this.#options.onStatus?.(this.status());
    this.#dispatch();
  }
}
