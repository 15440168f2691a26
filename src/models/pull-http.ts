import type { Readable } from 'node:stream';
import { type Dispatcher, EnvHttpProxyAgent, request } from 'undici';
import { isAbort, messageOf, OcellusError } from '../base/errors.ts';

const MAX_REDIRECTS = 5;

export interface HttpOptions {
  /** No connection, no answer, or no further byte for so long ends an attempt. */
  readonly idleTimeoutMs: number;
  /** Further certificate authorities, PEM. */
  readonly ca?: string;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Readable;
}

/** Whether trying again may help, and when: what a person has to change does not change by itself. */
export class FetchFailure extends Error {
  override readonly name = 'FetchFailure';
  readonly retryable: boolean;
  readonly retryAfterMs: number | undefined;

  constructor(
    message: string,
    retryable: boolean,
    details: { cause?: unknown; retryAfterMs?: number | undefined } = {},
  ) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.retryable = retryable;
    this.retryAfterMs = details.retryAfterMs;
  }
}

/** GET over HTTPS, through the proxy that `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY` name. */
export class HttpFetcher {
  readonly #agent: Dispatcher;

  constructor({ idleTimeoutMs, ca }: HttpOptions) {
    const tls = ca === undefined ? {} : { ca };
    this.#agent = new EnvHttpProxyAgent({
      connect: { timeout: idleTimeoutMs, ...tls },
      requestTls: { timeout: idleTimeoutMs, ...tls },
      proxyTls: { timeout: idleTimeoutMs, ...tls },
      headersTimeout: idleTimeoutMs,
      bodyTimeout: idleTimeoutMs,
    });
  }

  /**
   * Follows redirects, to https alone: a redirect to plain HTTP would let anybody on the way answer.
   * @throws FetchFailure, OcellusError `download_failed` for a redirect that is not followed, the signal's reason
   */
  async get(
    url: string,
    headers: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<HttpAnswer> {
    let address = new URL(url);
    for (let hop = 0; hop <= MAX_REDIRECTS; hop += 1) {
      const answer = await this.#once(address, headers, signal);
      const location = answer.headers.location;
      if (answer.status < 300 || answer.status >= 400 || location === undefined) return answer;
      answer.body.on('error', () => {}).destroy();
      const next = new URL(location, address);
      if (next.protocol !== 'https:' && !(next.protocol === 'http:' && address.protocol === 'http:')) {
        throw new OcellusError(
          'download_failed',
          `${address.origin} redirects to ${next.origin}, which is not https`,
          {
            hint: 'this is not what the publisher does; look at the network between, such as a captive portal',
          },
        );
      }
      address = next;
    }
    throw new OcellusError('download_failed', `${url} redirects more than ${MAX_REDIRECTS} times`, {
      hint: 'check the url in the manifest',
    });
  }

  async close(): Promise<void> {
    await this.#agent.destroy();
  }

  async #once(
    address: URL,
    headers: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<HttpAnswer> {
    try {
      const {
        statusCode,
        headers: answered,
        body,
      } = await request(address, {
        dispatcher: this.#agent,
        signal,
        headers: { 'accept-encoding': 'identity', 'user-agent': 'ocellus', ...headers },
      });
      const single = Object.entries(answered).map(([name, value]) => [
        name,
        Array.isArray(value) ? value[0] : value,
      ]);
      return { status: statusCode, headers: Object.fromEntries(single), body };
    } catch (error) {
      throw asFailure(error, address);
    }
  }
}

/** What went wrong on the way, or the abort as it came. */
export function asFailure(error: unknown, address: URL): unknown {
  if (isAbort(error)) return error;
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const certificate = /CERT|SELF_SIGNED|UNABLE_TO_VERIFY|ERR_TLS/.test(code);
  return new FetchFailure(`${address.host}: ${messageOf(error) || code}`, !certificate, { cause: error });
}

/** `Retry-After` in ms; undefined when there is none that can be read. */
export function retryAfterMs(value: string | undefined, nowMs: number): number | undefined {
  if (value === undefined) return undefined;
  const seconds = Number(value);
  const ms = Number.isFinite(seconds) ? seconds * 1000 : Date.parse(value) - nowMs;
  return Number.isNaN(ms) ? undefined : Math.max(0, ms);
}
