import { createHash, randomBytes } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import type { Clock, Timer } from '../../base/clock.ts';

const ID_BYTES = 32;
/** Logins of one user at the same time; one more ends the oldest. */
const MAX_PER_USER = 32;
/** A timer of Node's ends 25 days from now at the latest. */
const LONGEST_WAIT_MS = 86_400_000;

export interface SessionLimits {
  /** A session that is not used for so long ends. */
  readonly idleMs: number;
  /** A session ends after so long, used or not. */
  readonly maxMs: number;
}

export interface Session {
  readonly userName: string;
  /** Aborts when the session ends: whatever streams to it must end too. */
  readonly signal: AbortSignal;
}

interface LiveSession {
  readonly userName: string;
  readonly end: AbortController;
  readonly beganMs: number;
  usedMs: number;
}

/** Who is logged in. Ids are 256 random bits; only their hashes are kept, and only in memory: a restart logs everybody out. */
export class Sessions {
  #limits: SessionLimits;
  readonly #clock: Clock;
  readonly #sessions = new Map<string, LiveSession>();
  #sweepTimer: Timer | undefined;

  constructor(limits: SessionLimits, clock: Clock) {
    this.#limits = limits;
    this.#clock = clock;
  }

  /** @returns the id, for the cookie */
  begin(userName: string): string {
    const id = randomBytes(ID_BYTES).toString('base64url');
    const theirs = [...this.#sessions].filter(([, session]) => session.userName === userName);
    for (const [key] of theirs.slice(0, Math.max(0, theirs.length + 1 - MAX_PER_USER))) this.#end(key);
    const nowMs = this.#clock.monoMs();
    const session = { userName, end: new AbortController(), beganMs: nowMs, usedMs: nowMs };
    // One for each stream that a page has open.
    setMaxListeners(0, session.end.signal);
    this.#sessions.set(keyOf(id), session);
    if (this.#sweepTimer === undefined) this.#sweep();
    return id;
  }

  /** The session of an id, which is thereby used; undefined when there is none or it is over. */
  use(id: string): Session | undefined {
    const key = keyOf(id);
    const session = this.#sessions.get(key);
    if (session === undefined) return undefined;
    if (this.#isOver(session)) {
      this.#end(key);
      return undefined;
    }
    session.usedMs = this.#clock.monoMs();
    return { userName: session.userName, signal: session.end.signal };
  }

  /** Sessions end by other limits from now on, those that are there too. */
  limit(limits: SessionLimits): void {
    this.#limits = limits;
  }

  /** Ends every session of a user. */
  endOf(userName: string): void {
    for (const [key, session] of [...this.#sessions]) if (session.userName === userName) this.#end(key);
  }

  end(id: string): void {
    this.#end(keyOf(id));
  }

  close(): void {
    this.#sweepTimer?.cancel();
    for (const key of [...this.#sessions.keys()]) this.#end(key);
  }

  /** When it ends if nobody uses it any more, monotonic. */
  #endsMs({ beganMs, usedMs }: LiveSession): number {
    return Math.min(usedMs + this.#limits.idleMs, beganMs + this.#limits.maxMs);
  }

  #isOver(session: LiveSession): boolean {
    return this.#clock.monoMs() >= this.#endsMs(session);
  }

  #end(key: string): void {
    this.#sessions.get(key)?.end.abort();
    this.#sessions.delete(key);
  }

  /** Ends what is over, so that its streams end too, and looks again when the next one may be: none that begins later is over sooner. */
  #sweep(): void {
    for (const [key, session] of [...this.#sessions]) if (this.#isOver(session)) this.#end(key);
    const nextMs = Math.min(...[...this.#sessions.values()].map((session) => this.#endsMs(session)));
    const waitMs = Math.min(LONGEST_WAIT_MS, nextMs - this.#clock.monoMs());
    this.#sweepTimer = this.#sessions.size === 0 ? undefined : this.#clock.after(waitMs, () => this.#sweep());
  }
}

/** Looking a hash up tells nothing of the id, however long it takes. */
function keyOf(id: string): string {
  return createHash('sha256').update(id).digest('base64');
}
