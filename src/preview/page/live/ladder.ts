/** Ways to see a camera live, the best first. */
export const TRANSPORTS = ['webrtc', 'mse', 'mjpeg'] as const;
export type TransportName = (typeof TRANSPORTS)[number];

/** How an attempt with a transport ended. */
export interface Attempt {
  /** How long pictures moved; 0 when none came. */
  readonly playedMs: number;
  /** The browser or the camera can never do it: not tried again. */
  readonly hopeless: boolean;
}

export interface Step {
  readonly transport: TransportName;
  readonly waitMs: number;
}

/** Having played for so long, a transport works: what ended it was the connection, and it is the one to try again. */
const PROVEN_MS = 5_000;
/** On a lower rung, a better one is given another chance after so long. */
const RETRY_BETTER_MS = 60_000;
const FIRST_WAIT_MS = 250;
const MAX_WAIT_MS = 5_000;

/**
 * Decides which transport is tried next and when: down a rung where one does not work, the same again where it worked and
 * broke off, and from the top when all have failed. Waits double with each failure in a row, up to 5 s.
 */
export class TransportLadder {
  #usable: TransportName[];
  #failures = 0;
  #at = 0;

  /** @param usable what the camera offers and the browser knows; the best first */
  constructor(usable: readonly TransportName[]) {
    this.#usable = [...usable];
  }

  /** What to begin with; undefined when nothing can be used. */
  first(): Step | undefined {
    return this.#step(0);
  }

  /** What comes after an attempt that ended; undefined when nothing is left that could work. */
  next({ playedMs, hopeless }: Attempt): Step | undefined {
    if (playedMs >= PROVEN_MS) {
      this.#failures = 0;
      if (playedMs >= RETRY_BETTER_MS) this.#at = 0;
      return this.#step(FIRST_WAIT_MS);
    }
    if (hopeless) this.#usable.splice(this.#at, 1);
    else this.#at += 1;
    // Going down costs nothing: only a full round of failures says that the device is not there.
    if (this.#at < this.#usable.length) return this.#step(0);
    this.#at = 0;
    const waitMs = Math.min(MAX_WAIT_MS, FIRST_WAIT_MS * 2 ** this.#failures);
    this.#failures += 1;
    return this.#step(waitMs);
  }

  #step(waitMs: number): Step | undefined {
    const transport = this.#usable[this.#at];
    return transport === undefined ? undefined : { transport, waitMs };
  }
}
