import { createHash, timingSafeEqual } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { FastifyRequest } from 'fastify';
import type { Clock } from '../../base/clock.ts';
import type { HttpConfig } from '../../config/http-schema.ts';
import type { Secrets } from '../../config/referenced-files.ts';
import type { PreviewUser } from '../server/preview-app.ts';
import { HttpProblem } from '../server/problem.ts';
import { cookieOf, SESSION_COOKIE } from './cookie.ts';
import { type SessionLimits, Sessions } from './sessions.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

/** Without users and tokens, whoever reaches the loopback address owns the device. */
const LOCAL_USER: PreviewUser = { name: 'local', role: 'admin', cameras: ['*'] };

/** Somebody, and until when: the signal aborts when they are logged out. */
export interface Identity {
  readonly user: PreviewUser;
  readonly signal: AbortSignal | null;
}

interface KnownUser {
  readonly user: PreviewUser;
  readonly passwordHash: string | undefined;
}

/** Knows who sends a request: by session cookie, by token, or because the device is open to its own machine. */
export class Authenticator {
  readonly sessions: Sessions;
  #users: ReadonlyMap<string, KnownUser> = new Map();
  #tokens: readonly { readonly digest: Buffer; readonly user: PreviewUser }[] = [];
  #isOpen = false;

  constructor(http: HttpConfig, secrets: Secrets, clock: Clock) {
    this.sessions = new Sessions(limitsOf(http), clock);
    this.apply(http, secrets);
  }

  get authentication(): 'none' | 'password' {
    return this.#isOpen ? 'none' : 'password';
  }

  /** Goes by other users, tokens and limits from now on. Who is gone, or is somebody else now, is logged out. */
  apply(http: HttpConfig, secrets: Secrets): void {
    const { users, tokens } = http;
    const before = this.#users;
    this.#isOpen = Object.keys(users).length + Object.keys(tokens).length === 0;
    this.sessions.limit(limitsOf(http));
    this.#users = new Map(
      Object.entries(users).map(([name, { role, cameras }]) => [
        name,
        { user: { name, role, cameras }, passwordHash: secrets.httpUsers?.[name] },
      ]),
    );
    this.#tokens = Object.entries(tokens).flatMap(([name, { role, cameras }]) => {
      const hash = secrets.httpTokens?.[name];
      return hash === undefined ? [] : [{ digest: Buffer.from(hash, 'hex'), user: { name, role, cameras } }];
    });
    for (const [name, known] of before) {
      if (!isDeepStrictEqual(known, this.#users.get(name))) this.sessions.endOf(name);
    }
  }

  user(name: string): PreviewUser | undefined {
    return this.#users.get(name)?.user;
  }

  /** Who sends the request; null when nobody has proved to be somebody. @throws HttpProblem 401 for a token that is none */
  identify(request: FastifyRequest): Identity | null {
    if (this.#isOpen) return { user: LOCAL_USER, signal: null };
    const { authorization } = request.headers;
    if (authorization !== undefined) return { user: this.#ofToken(authorization), signal: null };
    const id = cookieOf(request.headers.cookie, SESSION_COOKIE);
    const session = id === undefined ? undefined : this.sessions.use(id);
    const user = session === undefined ? undefined : this.user(session.userName);
    return session === undefined || user === undefined ? null : { user, signal: session.signal };
  }

  #ofToken(authorization: string): PreviewUser {
    const token = /^Bearer ([\w.~+/-]+=*)$/i.exec(authorization)?.[1] ?? '';
    const digest = createHash('sha256').update(token).digest();
    // Every token is compared, whichever it is.
    const found = this.#tokens.filter((known) => timingSafeEqual(known.digest, digest)).at(0);
    if (found !== undefined) return found.user;
    throw new HttpProblem(401, 'the token is not valid', {
      hint: '`ocellus password --token` makes one; its hash belongs to http.tokens',
      headers: { 'www-authenticate': 'Bearer realm="ocellus", error="invalid_token"' },
    });
  }
}

function limitsOf({ session }: HttpConfig): SessionLimits {
  return { idleMs: session.idleMinutes * MINUTE_MS, maxMs: session.maxDays * DAY_MS };
}
