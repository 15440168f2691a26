import { createHash, timingSafeEqual } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import type { Clock } from '../../base/clock.ts';
import type { HttpConfig } from '../../config/http-schema.ts';
import type { Secrets } from '../../config/referenced-files.ts';
import type { PreviewUser } from '../server/preview-app.ts';
import { HttpProblem } from '../server/problem.ts';
import { cookieOf, SESSION_COOKIE } from './cookie.ts';
import { Sessions } from './sessions.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

/** Without users and tokens, whoever reaches the loopback address owns the device. */
const LOCAL_USER: PreviewUser = { name: 'local', role: 'admin', cameras: ['*'] };

/** Somebody, and until when: the signal aborts when they are logged out. */
export interface Identity {
  readonly user: PreviewUser;
  readonly signal: AbortSignal | null;
}

/** Knows who sends a request: by session cookie, by token, or because the device is open to its own machine. */
export class Authenticator {
  readonly authentication: 'none' | 'password';
  readonly sessions: Sessions;
  readonly #users: ReadonlyMap<string, PreviewUser>;
  readonly #tokens: readonly { readonly digest: Buffer; readonly user: PreviewUser }[];

  constructor(http: HttpConfig, secrets: Secrets, clock: Clock) {
    const { users, tokens, session } = http;
    const isOpen = Object.keys(users).length + Object.keys(tokens).length === 0;
    this.authentication = isOpen ? 'none' : 'password';
    const limits = { idleMs: session.idleMinutes * MINUTE_MS, maxMs: session.maxDays * DAY_MS };
    this.sessions = new Sessions(limits, clock);
    this.#users = new Map(
      Object.entries(users).map(([name, { role, cameras }]) => [name, { name, role, cameras }]),
    );
    this.#tokens = Object.entries(tokens).flatMap(([name, { role, cameras }]) => {
      const hash = secrets.httpTokens?.[name];
      return hash === undefined ? [] : [{ digest: Buffer.from(hash, 'hex'), user: { name, role, cameras } }];
    });
  }

  user(name: string): PreviewUser | undefined {
    return this.#users.get(name);
  }

  /** Who sends the request; null when nobody has proved to be somebody. @throws HttpProblem 401 for a token that is none */
  identify(request: FastifyRequest): Identity | null {
    if (this.authentication === 'none') return { user: LOCAL_USER, signal: null };
    const { authorization } = request.headers;
    if (authorization !== undefined) return { user: this.#ofToken(authorization), signal: null };
    const id = cookieOf(request.headers.cookie, SESSION_COOKIE);
    const session = id === undefined ? undefined : this.sessions.use(id);
    const user = session === undefined ? undefined : this.#users.get(session.userName);
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
