import { TransportFailure } from './stage.ts';

/** A first picture that is not there by then does not come. */
const FIRST_PICTURE_MS = 6_000;
/** Pictures that stay away so long have stopped, whatever the connection says. */
const STALL_MS = 8_000;

/** Fails when pictures do not come. */
export class PictureWatch {
  readonly #fail: (error: TransportFailure) => void;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(fail: (error: TransportFailure) => void) {
    this.#fail = fail;
  }

  start(): void {
    this.#arm(FIRST_PICTURE_MS, 'no picture came');
  }

  seen(): void {
    this.#arm(STALL_MS, 'the pictures have stopped');
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #arm(ms: number, message: string): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#fail(new TransportFailure(message)), ms);
  }
}

/** A promise that only ends by failing or by the signal: what a transport waits for while it plays. */
export function untilBroken(signal: AbortSignal): {
  readonly broken: Promise<void>;
  readonly fail: (error: Error) => void;
} {
  let fail: (error: Error) => void = () => {};
  const broken = new Promise<void>((resolve, reject) => {
    fail = reject;
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
  // It may fail before anybody waits for it.
  broken.catch(() => {});
  return { broken, fail };
}
