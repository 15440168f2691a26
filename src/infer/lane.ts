import type { OcellusError } from '../base/errors.ts';
import type { Frame } from '../flow/frame.ts';
import { Mailbox } from '../flow/mailbox.ts';
import type { InferenceResult } from './frame-detector.ts';

/** Where a lane's frames go. Whatever is called owns the frame from then on and must release it. */
export interface LaneSink {
  /** @param inferredAtMs when the inference was done, ms since the epoch */
  result(frame: Frame, result: InferenceResult, inferredAtMs: number): void;
  failed(frame: Frame, error: OcellusError): void;
  /**
   * `replaced`: a newer frame came before a session was free; `late`: it waited longer than it may; `closed`: the lane or the
   * scheduler closed.
   */
  dropped(frame: Frame, reason: 'replaced' | 'late' | 'closed'): void;
}

/** A camera's way into the scheduler. It owns an offered frame until it hands it to the sink. */
export interface Lane {
  /** Takes over a frame, in place of one that still waits. */
  offer(frame: Frame): void;
  /** Drops what waits and whatever is being inferred, as soon as that is done. Idempotent. */
  close(): void;
  /** Takes no more frames and drops what waits; the result of a frame in inference is still delivered. */
  stop(): void;
  /**
   * Drops frames that wait longer for their turn, ms, from now on; null: they wait until a newer one comes. A camera whose frames
   * come at bad moments gets more patience, the more of them were late for each that was inferred, so that it has its turns too.
   */
  limitWait(maxWaitMs: number | null): void;
  /** One of its frames is in inference. */
  readonly isBusy: boolean;
  /** Frames that the lane owns: waiting and in inference, 0 to 2. */
  readonly pending: number;
}

/** So many late frames for each that is inferred are in order under overload; as many more double the patience. */
const LATES_PER_TURN = 3;

/** A lane whose camera offers nothing for so many periods after a late frame has no turn to claim. */
const TURN_KEPT_PERIODS = 3;

/**
 * One camera's frames: at most one waits and at most one is in inference, so that results come in the frames' order.
 *
 * A lane is due half a period after the first frame that was offered since its last turn. A newer frame inherits that time
 * from the one that it replaces: otherwise, a camera whose frames are always a little newer than the others' would never
 * get a turn under overload. It also inherits the time of one that was dropped as late.
 */
export class CameraLane implements Lane {
  readonly cameraId: string;
  readonly sink: LaneSink;
  readonly #periodMs: number;
  readonly #wake: () => void;
  readonly #monoMs: () => number;
  readonly #waiting: Mailbox<Frame>;
  #dueMonoMs = 0;
  /** When the frame that waits was offered, and when the last one was. */
  #offeredMonoMs = Number.NEGATIVE_INFINITY;
  #maxWaitMs = Number.POSITIVE_INFINITY;
  /** Frames that were late, less those that may be for each that was inferred. */
  #lates = 0;
  /** The last frame was dropped as late: the lane's turn is still to come. */
  #wasLate = false;
  #inFlight = false;
  #stopped = false;
  #closed = false;

  /**
   * @param periodMs time between two frames that the camera should have inferred
   * @param wake called when there is something to do
   */
  constructor(cameraId: string, periodMs: number, sink: LaneSink, monoMs: () => number, wake: () => void) {
    this.cameraId = cameraId;
    this.sink = sink;
    this.#periodMs = periodMs;
    this.#monoMs = monoMs;
    this.#wake = wake;
    this.#waiting = new Mailbox((frame) => sink.dropped(frame, 'replaced'));
  }

  get pending(): number {
    return (this.#waiting.isEmpty ? 0 : 1) + (this.#inFlight ? 1 : 0);
  }

  get isBusy(): boolean {
    return this.#inFlight;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** When this lane should have its turn, on the monotonic clock; undefined when it has nothing to do or is at work. */
  get dueMonoMs(): number | undefined {
    return this.#inFlight || this.#waiting.isEmpty ? undefined : this.#dueMonoMs;
  }

  offer(frame: Frame): void {
    if (this.#stopped) {
      this.sink.dropped(frame, 'closed');
      return;
    }
    const nowMs = this.#monoMs();
    const keepsTurn = this.#wasLate && nowMs - this.#offeredMonoMs <= TURN_KEPT_PERIODS * this.#periodMs;
    if (this.#waiting.isEmpty && !keepsTurn) {
      // Files carry media time, which says nothing about lateness: an age beyond one period is not believed.
      const capturedMs = Math.min(nowMs, Math.max(nowMs - this.#periodMs, frame.times.captureMonoMs));
      // Half of the period, so that under overload the other half is left to get a turn in before the next frame is there;
      // with the whole of it, slow cameras lose every second frame to fast ones.
      this.#dueMonoMs = capturedMs + this.#periodMs / 2;
    }
    this.#wasLate = false;
    this.#offeredMonoMs = nowMs;
    this.#waiting.put(frame);
    this.#wake();
  }

  limitWait(maxWaitMs: number | null): void {
    this.#maxWaitMs = maxWaitMs ?? Number.POSITIVE_INFINITY;
    if (maxWaitMs === null) this.#lates = 0;
  }

  /** Drops what has waited for longer than it may. */
  dropLate(nowMonoMs: number): void {
    const patienceMs = this.#maxWaitMs * 2 ** (this.#lates / LATES_PER_TURN);
    if (nowMonoMs - this.#offeredMonoMs <= patienceMs) return;
    const frame = this.#waiting.take();
    if (frame === undefined) return;
    this.#wasLate = true;
    if (patienceMs < this.#periodMs) this.#lates += 1;
    this.sink.dropped(frame, 'late');
  }

  /** The frame to infer now. `done` must follow. */
  take(): Frame | undefined {
    const frame = this.#waiting.take();
    this.#inFlight = frame !== undefined;
    this.#lates = Math.max(0, this.#lates - LATES_PER_TURN);
    return frame;
  }

  /** The frame that was taken is inferred, or failed. */
  done(): void {
    this.#inFlight = false;
  }

  close(): void {
    this.#closed = true;
    this.stop();
  }

  stop(): void {
    this.#stopped = true;
    const frame = this.#waiting.take();
    if (frame !== undefined) this.sink.dropped(frame, 'closed');
  }
}
