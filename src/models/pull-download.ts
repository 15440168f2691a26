import type { Clock } from '../base/clock.ts';
import { isAbort, messageOf, OcellusError } from '../base/errors.ts';
import { Backoff } from '../base/retry.ts';
import { asFailure, FetchFailure, type HttpAnswer, type HttpFetcher, retryAfterMs } from './pull-http.ts';
import { diskError, type PartFile } from './pull-part.ts';

export interface DownloadOptions {
  readonly url: string;
  readonly part: PartFile;
  readonly fetcher: HttpFetcher;
  /** Size that the manifest states. */
  readonly bytes: number | undefined;
  /** More than this is refused where no size is stated. */
  readonly maxBytes: number;
  /** A wrong rest would be found by the checksum: a part may be continued though the server names no version of the file. */
  readonly checked: boolean;
  readonly clock: Clock;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly signal: AbortSignal;
  /** @param total undefined while it is not known */
  readonly onProgress: (bytes: number, total: number | undefined) => void;
  /** An attempt failed and another one follows. */
  readonly onRetry: (why: string, delayMs: number) => void;
}

/** So many attempts in a row may bring no byte. */
const FRUITLESS_ATTEMPTS = 5;
/** A server that gives a few bytes each time is given up as well. */
const MOST_ATTEMPTS = 50;
const MOST_RETRY_AFTER_MS = 60_000;
const BACKOFF = { initialMs: 1000, maxMs: 30_000, factor: 2 };

/**
 * Fetches a file into its part, from where the part ends, over as many attempts as it takes.
 *
 * @throws OcellusError `download_failed`, `io_failed`; what was fetched stays. The signal's reason.
 */
export async function download(options: DownloadOptions): Promise<void> {
  const { part, url, clock, signal, random, onRetry } = options;
  const backoff = new Backoff(BACKOFF, random);
  for (let attempt = 1; ; attempt += 1) {
    const before = part.size;
    try {
      if (await attemptOnce(options)) return;
      throw new FetchFailure(`${new URL(url).host} ended the file after ${part.size} bytes`, true);
    } catch (error) {
      if (!(error instanceof FetchFailure)) throw error;
      if (part.size > before) backoff.reset();
      const hopeless = !error.retryable || attempt >= MOST_ATTEMPTS;
      if (hopeless || backoff.failures >= FRUITLESS_ATTEMPTS - 1) throw givenUp(url, error, attempt);
      const delayMs = Math.min(MOST_RETRY_AFTER_MS, Math.max(backoff.nextMs(), error.retryAfterMs ?? 0));
      onRetry(messageOf(error), delayMs);
      await clock.sleep(delayMs, signal);
    }
  }
}

/** One request. @returns whether the file is whole */
async function attemptOnce(options: DownloadOptions): Promise<boolean> {
  const { url, part, fetcher, signal, bytes } = options;
  const have = resumableBytes(options);
  if (have > 0 && have === bytes) return true;
  const validator = part.origin?.validator ?? null;
  const resume: Record<string, string> = have === 0 ? {} : { range: `bytes=${have}-` };
  if (have > 0 && validator !== null) resume['if-range'] = validator;
  const answer = await fetcher.get(url, resume, signal);
  try {
    if (answer.status === 416 && have > 0) return await settleUnsatisfied(answer, part, have);
    const from = answer.status === 206 ? startOf(answer, have) : 0;
    if (answer.status !== 206 && answer.status !== 200) throw refusal(answer, url, options.clock.wallMs());
    return await receive(options, answer, from);
  } finally {
    answer.body.on('error', () => {}).destroy();
  }
}

/** Bytes of the part that the rest may be appended to. */
function resumableBytes({ part, url, checked }: DownloadOptions): number {
  const { origin } = part;
  if (origin?.url !== url || !(checked || origin.validator !== null)) return 0;
  return part.size;
}

/** The server has nothing beyond what is there: either that is all, or another file. */
async function settleUnsatisfied({ headers }: HttpAnswer, part: PartFile, have: number): Promise<boolean> {
  if (headers['content-range'] === `bytes */${have}`) return true;
  await part.discard();
  throw new FetchFailure('the server has a shorter file now: starting anew', true);
}

function startOf({ headers }: HttpAnswer, asked: number): number {
  const start = /^bytes (\d+)-/.exec(headers['content-range'] ?? '')?.[1];
  if (start !== undefined && Number(start) === asked) return asked;
  throw new FetchFailure(`asked for bytes from ${asked}, got "${headers['content-range']}"`, true);
}

async function receive(options: DownloadOptions, answer: HttpAnswer, from: number): Promise<boolean> {
  const { url, part, bytes, maxBytes, onProgress } = options;
  const length = answer.headers['content-length'];
  const total = length === undefined ? bytes : from + Number(length);
  if (bytes !== undefined && total !== bytes) {
    throw new OcellusError('download_failed', `${url} has ${total} bytes, the manifest says ${bytes}`, {
      hint: 'the publisher replaced the file, or something on the way answers in its place',
    });
  }
  const limit = bytes ?? maxBytes;
  if (total !== undefined && total > limit) throw tooLarge(url, limit);
  await part.requireSpace((total ?? from) - from);
  const handle = await part.openAt(from, { url, validator: validatorOf(answer) });
  let size = from;
  try {
    onProgress(size, total);
    for await (const chunk of chunksOf(answer, url)) {
      if (size + chunk.length > limit) throw tooLarge(url, limit);
      await handle.write(chunk, 0, chunk.length, size).catch((cause) => {
        throw diskError(part.path, cause);
      });
      size += chunk.length;
      onProgress(size, total);
    }
  } finally {
    await handle.close();
  }
  return total === undefined || size === total;
}

async function* chunksOf({ body }: HttpAnswer, url: string): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of body) yield chunk as Buffer;
  } catch (error) {
    throw asFailure(error, new URL(url));
  }
}

/** What tells this version of the file from another: a strong ETag, else the date. */
function validatorOf({ headers }: HttpAnswer): string | null {
  const { etag } = headers;
  if (etag !== undefined && !etag.startsWith('W/')) return etag;
  return headers['last-modified'] ?? null;
}

function refusal({ status, headers }: HttpAnswer, url: string, nowMs: number): FetchFailure {
  const retryable = status >= 500 || [408, 425, 429].includes(status);
  const after = retryAfterMs(headers['retry-after'], nowMs);
  return new FetchFailure(`${new URL(url).host} answers ${status}`, retryable, { retryAfterMs: after });
}

function tooLarge(url: string, limit: number): OcellusError {
  return new OcellusError('download_failed', `${url} has more than ${limit} bytes`, {
    hint: 'state its size as `source.bytes` in the manifest if that is right',
  });
}

function givenUp(url: string, failure: FetchFailure, attempts: number): OcellusError {
  const tries = attempts === 1 ? '' : ` after ${attempts} attempts`;
  return new OcellusError('download_failed', `cannot fetch ${url}${tries}: ${failure.message}`, {
    hint: failure.retryable
      ? 'without a network, fetch it elsewhere and give --from FILE; behind a proxy, set HTTPS_PROXY; pull again to go on where it ended'
      : hintFor(failure),
    cause: isAbort(failure.cause) ? undefined : failure.cause,
  });
}

function hintFor({ message, cause }: FetchFailure): string {
  if (cause !== undefined) {
    return 'the certificate is not trusted: correct the clock, or name the authority of your proxy in NODE_EXTRA_CA_CERTS';
  }
  return message.endsWith('404')
    ? 'the publisher has moved the file: look for its new address, and give the file with --from FILE'
    : 'fetch it elsewhere and give it with --from FILE';
}
