import { randomBytes } from 'node:crypto';
import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/log.ts';
import { Turns } from '../../base/turns.ts';
import type { Secrets } from '../../config/referenced-files.ts';
import { HttpProblem } from '../server/problem.ts';
import { AttemptLimit } from './attempt-limit.ts';
import { hashPassword, verifyPassword } from './password-hash.ts';

const PER_ADDRESS = { burst: 10, refillMs: 15_000, maxNames: 4_096 } as const;
const PER_USER = { burst: 20, refillMs: 15_000, maxNames: 1_024 } as const;
/** Names that no user has share one limit: there are too many of them to remember. */
const NOBODY = '';
/** Checks that wait for the one in progress: each takes memory and a thread that inference needs too. */
const MAX_WAITING = 8;

/** Checks passwords, few at a time and not too often. */
export class Login {
  #hashes: ReadonlyMap<string, string> = new Map();
  readonly #log: Logger;
  readonly #addresses: AttemptLimit;
  readonly #users: AttemptLimit;
  /** What the passwords of unknown users are checked against, so that they take as long as any. */
  #decoy: Promise<string> | undefined;
  readonly #turns = new Turns();
  #waiting = 0;

  constructor(secrets: Secrets, clock: Clock, log: Logger) {
    this.apply(secrets);
    this.#log = log;
    this.#addresses = new AttemptLimit(PER_ADDRESS, clock);
    this.#users = new AttemptLimit(PER_USER, clock);
  }

  /** Goes by other passwords from now on. */
  apply(secrets: Secrets): void {
    this.#hashes = new Map(Object.entries(secrets.httpUsers ?? {}));
  }

  /** @throws HttpProblem 401 when user and password do not belong together, 429 when it was tried too often */
  async check(user: string, password: string, address: string): Promise<void> {
    const network = networkOf(address);
    const name = this.#hashes.has(user) ? user : NOBODY;
    const waitMs = Math.max(this.#addresses.take(network), this.#users.take(name));
    if (waitMs > 0 || this.#waiting >= MAX_WAITING) {
      this.#log.warn({ address }, 'too many logins were tried');
      const seconds = Math.max(1, Math.ceil(waitMs / 1000));
      throw new HttpProblem(429, `too many logins were tried: wait ${seconds} s`, {
        headers: { 'retry-after': String(seconds) },
      });
    }
    if (!(await this.#inTurn(() => this.#verify(user, password)))) {
      this.#log.warn({ address }, 'a login failed');
      throw new HttpProblem(401, 'user and password do not belong together');
    }
    this.#addresses.forgive(network);
    this.#users.forgive(name);
  }

  async #verify(user: string, password: string): Promise<boolean> {
    this.#decoy ??= hashPassword(randomBytes(16).toString('hex'));
    const decoy = await this.#decoy;
    const matches = await verifyPassword(password, this.#hashes.get(user) ?? decoy);
    return matches && this.#hashes.has(user);
  }

  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    this.#waiting += 1;
    try {
      return await this.#turns.run(work);
    } finally {
      this.#waiting -= 1;
    }
  }
}

/** What one visitor can choose freely: an IPv4 address, or the first 64 bits of an IPv6 address. */
export function networkOf(address: string): string {
  if (!address.includes(':')) return address;
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped !== undefined) return mapped;
  const [head = '', tail] = address.split('::');
  const before = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? 0 : 8 - before.length - after.length;
  const groups = [...before, ...Array.from({ length: zeros }, () => '0'), ...after];
  return groups.slice(0, 4).join(':');
}
