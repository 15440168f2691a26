import { abortError } from '../../src/base/clock.ts';
import { CaptureError, captureFailure } from '../../src/capture/capture-error.ts';
import type { CaptureFailure, FrameSink, FrameSource } from '../../src/capture/frame-source.ts';
import type { CameraCause } from '../../src/flow/camera-state.ts';
import type { Frame } from '../../src/flow/frame.ts';
import type { FakeClock } from '../fakes/fake-clock.ts';

const SIZE = { widthPx: 64, heightPx: 64 };

/** A source that a test leads: each `run` is a connection that the test feeds, ends or fails. */
export class ScriptedSource implements FrameSource {
  readonly description = 'scripted';
  readonly finite: boolean;
  readonly waits = false;
  /** Connections so far. */
  runs = 0;
  /** Connections open now: never more than one. */
  open = 0;
  released = 0;
  known: CaptureFailure | undefined;
  readonly #clock: FakeClock;
  #sink: FrameSink | undefined;
  #settle: ((error?: Error) => void) | undefined;
  #luma = 0;

  constructor(clock: FakeClock, finite = false) {
    this.#clock = clock;
    this.finite = finite;
  }

  run(sink: FrameSink, signal: AbortSignal): Promise<void> {
    this.runs += 1;
    this.open += 1;
    this.#sink = sink;
    return new Promise<void>((resolve, reject) => {
      const onAbort = () => this.#settle?.(abortError());
      this.#settle = (error) => {
        signal.removeEventListener('abort', onAbort);
        this.#settle = undefined;
        this.open -= 1;
        if (error === undefined) resolve();
        else reject(error);
      };
      signal.addEventListener('abort', onAbort, { once: true });
      if (signal.aborted) onAbort();
    });
  }

  diagnosis(): CaptureFailure | undefined {
    return this.known;
  }

  /** Gives one picture of a scene that moves, or of `luma` all over. */
  frame(luma?: number): void | Promise<void> {
    const data = new Uint8Array((SIZE.widthPx * SIZE.heightPx * 3) / 2).fill(luma ?? this.#luma++ % 200);
    if (luma === undefined) data.set([255], 0);
    const frame: Frame = {
      ...SIZE,
      cameraId: 'front',
      seq: 1,
      data,
      colour: { matrix: 'bt601', range: 'limited' },
      source: SIZE,
      times: {
        captureAtMs: this.#clock.wallMs(),
        captureMonoMs: this.#clock.monoMs(),
        decodedAtMs: this.#clock.wallMs(),
      },
      release: () => {
        this.released += 1;
      },
    };
    return this.#sink!.frame(frame);
  }

  drop(): void {
    this.#sink!.dropped('pool_exhausted');
  }

  end(): void {
    this.#settle!();
  }

  fail(cause: CameraCause): void {
    this.#settle!(new CaptureError(captureFailure(cause, `it is ${cause}`, 'try this')));
  }

  crash(error: Error): void {
    this.#settle!(error);
  }
}
