import type { Clock, Timer } from '../base/clock.ts';
import { explain, isAbort, OcellusError } from '../base/errors.ts';
import type { CaptureConfig } from '../config/camera-schema.ts';
import type { Frame } from '../flow/frame.ts';
import { CaptureError, captureFailure } from './capture-error.ts';
import type { CaptureFailure, FrameSink, FrameSource } from './frame-source.ts';

/** How one connection ended. */
export type ConnectionEnd =
  | { readonly kind: 'aborted' }
  | { readonly kind: 'ended' }
  | { readonly kind: 'failed'; readonly failure: CaptureFailure };

export interface ConnectionOptions {
  readonly source: FrameSource;
  readonly sink: FrameSink;
  readonly config: Pick<CaptureConfig, 'openTimeoutMs' | 'stallTimeoutMs'>;
  readonly clock: Clock;
}

/** One run of a source with patience: for the first frame `openTimeoutMs`, for each later one `stallTimeoutMs`. */
export class Connection {
  readonly #options: ConnectionOptions;
  readonly #abort = new AbortController();
  #waitingSinceMs = 0;
  #firstFrameMs: number | undefined;
  /** Frames that the consumer has not taken yet: while it makes the source wait, the source is not late. */
  #undelivered = 0;
  #timer: Timer | undefined;
  /** Why it was ended from here. */
  #reason: CaptureFailure | undefined;

  constructor(options: ConnectionOptions) {
    this.#options = options;
  }

  /** For how long frames have been coming, ms; 0 before the first. */
  get liveMs(): number {
    return this.#firstFrameMs === undefined ? 0 : this.#options.clock.monoMs() - this.#firstFrameMs;
  }

  /** Runs to its end; never rejects. When it resolves, nothing of the connection is left. */
  async run(signal: AbortSignal): Promise<ConnectionEnd> {
    const { source, clock } = this.#options;
    const abort = () => this.#abort.abort();
    signal.addEventListener('abort', abort, { once: true });
    if (signal.aborted) abort();
    this.#waitingSinceMs = clock.monoMs();
    this.#watch();
    try {
      await source.run(this.#sink(), this.#abort.signal);
      return signal.aborted ? { kind: 'aborted' } : (this.#endedHere() ?? { kind: 'ended' });
    } catch (error) {
      if (signal.aborted) return { kind: 'aborted' };
      return this.#endedHere() ?? { kind: 'failed', failure: failureOf(error) };
    } finally {
      this.#timer?.cancel();
      signal.removeEventListener('abort', abort);
    }
  }

  #endedHere(): ConnectionEnd | undefined {
    return this.#reason && { kind: 'failed', failure: this.#reason };
  }

  #sink(): FrameSink {
    const { sink, clock } = this.#options;
    return {
      opened: (info) => sink.opened(info),
      dropped: (reason) => sink.dropped(reason),
      frame: (frame: Frame) => {
        if (this.#abort.signal.aborted) {
          frame.release();
          return;
        }
        this.#firstFrameMs ??= clock.monoMs();
        this.#waitingSinceMs = clock.monoMs();
        const delivered = this.#deliver(frame);
        if (!(delivered instanceof Promise)) return;
        this.#undelivered += 1;
        return delivered.finally(() => {
          this.#undelivered -= 1;
          this.#waitingSinceMs = clock.monoMs();
        });
      },
    };
  }

  /** A consumer that throws ends this connection, and nothing else: sources call it from wherever the bytes come in. */
  #deliver(frame: Frame): void | Promise<void> {
    try {
      return this.#options.sink.frame(frame);
    } catch (error) {
      this.#reason ??= failureOf(error);
      this.#abort.abort();
    }
  }

  /** One timer for all frames: it looks how long the wait has been and sets itself anew for what is left. */
  #watch(): void {
    const { clock, config } = this.#options;
    const patienceMs = this.#firstFrameMs === undefined ? config.openTimeoutMs : config.stallTimeoutMs;
    const waitedMs = this.#undelivered > 0 ? 0 : clock.monoMs() - this.#waitingSinceMs;
    if (waitedMs >= patienceMs) {
      this.#reason = this.#lateFailure(patienceMs);
      this.#abort.abort();
      return;
    }
    this.#timer = clock.after(patienceMs - waitedMs, () => this.#watch());
  }

  #lateFailure(patienceMs: number): CaptureFailure {
    if (this.#firstFrameMs !== undefined) {
      return captureFailure(
        'stalled',
        `no picture for ${patienceMs} ms`,
        'check the network and the load of the camera; capture.stallTimeoutMs sets the patience',
      );
    }
    const known = this.#options.source.diagnosis?.();
    const hint = 'check the address; capture.openTimeoutMs sets the patience';
    return known ?? captureFailure('unreachable', `no picture within ${patienceMs} ms`, hint);
  }
}

function failureOf(error: unknown): CaptureFailure {
  if (error instanceof CaptureError) return error.failure;
  if (error instanceof OcellusError && error.code === 'tool_missing') {
    return captureFailure('not_found', error.message, error.hint ?? '');
  }
  const what = isAbort(error) ? 'the source was aborted by nobody' : explain(error);
  return captureFailure('decode_error', what, 'this is a defect of the program: please report it');
}
