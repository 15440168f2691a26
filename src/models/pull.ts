import { createReadStream, existsSync, statSync } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { isAbort, OcellusError } from '../base/errors.ts';
import type { Manifest } from './manifest.ts';
import { readModelSummary } from './onnx-file.ts';
import { type DownloadOptions, download } from './pull-download.ts';
import { HttpFetcher } from './pull-http.ts';
import { withPullLock } from './pull-lock.ts';
import { diskError, PartFile, sha256Of } from './pull-part.ts';
import { readPullRecord, type Trust, writePullRecord } from './pull-record.ts';

export interface PullOptions
  extends Pick<DownloadOptions, 'clock' | 'random' | 'signal' | 'onProgress' | 'onRetry'> {
  readonly manifest: Manifest;
  /** Where the model goes. */
  readonly file: string;
  /** A file that somebody brought, instead of the network. */
  readonly from?: string | undefined;
  /** SHA-256 that the caller knows. */
  readonly sha256?: string | undefined;
  /** The licence that the caller accepts, by its SPDX identifier. */
  readonly acceptLicence?: string | undefined;
  /** Replace a file that is there. */
  readonly force?: boolean | undefined;
  readonly idleTimeoutMs?: number | undefined;
  readonly maxBytes?: number | undefined;
  /** Further certificate authorities, PEM. */
  readonly ca?: string | undefined;
  readonly warn: (message: string) => void;
}

export interface PullOutcome {
  readonly file: string;
  readonly sha256: string;
  readonly bytes: number;
  readonly trust: Trust;
  /** It was there already, and nothing was fetched. */
  readonly unchanged: boolean;
}

const IDLE_TIMEOUT_MS = 30_000;
const MAX_BYTES = 4e9;

/**
 * Brings a model's file: from its source, or from a file. It gets its name only when its checksum is right, or, where no
 * checksum is known, is recorded for the next time; and when it is ONNX.
 *
 * @throws OcellusError `usage` (no source, licence not accepted), `download_failed`, `model_checksum_wrong`,
 *   `model_invalid` (not ONNX), `io_failed`; the signal's reason
 */
export async function pullModel(options: PullOptions): Promise<PullOutcome> {
  const { manifest, from, acceptLicence } = options;
  const { source } = manifest;
  if (from === undefined) {
    if (source === undefined) throw withoutSource(manifest.id);
    if (source.consent && acceptLicence !== source.licence) throw withoutConsent(manifest);
    requireSafeUrl(source.url, expectedHash(options) !== undefined);
  }
  return withPullLock(options.file, () => pullLocked(options));
}

interface ExpectedHash {
  readonly sha256: string;
  readonly trust: Trust;
}

function expectedHash({ sha256, manifest, file }: PullOptions): ExpectedHash | undefined {
  if (sha256 !== undefined) return { sha256, trust: 'command_line' };
  const stated = manifest.source?.sha256 ?? undefined;
  if (stated !== undefined) return { sha256: stated, trust: 'manifest' };
  const recorded = readPullRecord(file);
  return recorded === undefined ? undefined : { sha256: recorded.sha256, trust: 'recorded' };
}

async function pullLocked(options: PullOptions): Promise<PullOutcome> {
  const { manifest, file, from, clock, warn } = options;
  const expected = expectedHash(options);
  if (existsSync(file) && options.force !== true) return presentFile(file, expected);
  const part = new PartFile(file);
  if (from === undefined) await fetchInto(part, options, expected);
  else await copyInto(part, from, options.signal);
  const sha256 = await part.sha256();
  if (expected !== undefined && expected.sha256 !== sha256) {
    await part.discard();
    throw wrongHash(from ?? manifest.source!.url, sha256, expected);
  }
  try {
    readModelSummary(part.path);
  } catch (error) {
    await part.discard();
    throw error;
  }
  const bytes = part.size;
  const trust = expected?.trust ?? 'first_use';
  if (trust === 'first_use') {
    warn(`no checksum of ${manifest.id} is known; that of this file is recorded: ${sha256}`);
  }
  // First the record: of a file without one nobody could say later what was fetched.
  const url = from === undefined ? manifest.source!.url : null;
  await writePullRecord(file, { url, sha256, bytes, trust, pulledAtMs: clock.wallMs() });
  await part.complete();
  return { file, sha256, bytes, trust, unchanged: false };
}

async function presentFile(file: string, expected: ExpectedHash | undefined): Promise<PullOutcome> {
  const sha256 = await sha256Of(file);
  if (expected !== undefined && expected.sha256 !== sha256) {
    throw new OcellusError(
      'model_checksum_wrong',
      `${file} is there, but its SHA-256 is ${sha256}, not ${expected.sha256}`,
      { hint: 'replace it with --force, or move it away if it is a model of your own' },
    );
  }
  const trust = expected?.trust ?? 'first_use';
  return { file, sha256, bytes: statSync(file).size, trust, unchanged: true };
}

/** A part that others continued wrongly is fetched once more from its start. */
async function fetchInto(
  part: PartFile,
  options: PullOptions,
  expected: ExpectedHash | undefined,
): Promise<void> {
  const { manifest, idleTimeoutMs = IDLE_TIMEOUT_MS, maxBytes = MAX_BYTES, ca } = options;
  const { url, bytes } = manifest.source!;
  const fetcher = new HttpFetcher({ idleTimeoutMs, ...(ca === undefined ? {} : { ca }) });
  const { clock, random, signal, onProgress, onRetry } = options;
  const fetching = { url, part, fetcher, bytes, maxBytes, clock, random, signal, onProgress, onRetry };
  try {
    const resumed = part.size > 0;
    await download({ ...fetching, checked: expected !== undefined });
    if (!resumed || expected === undefined || (await part.sha256()) === expected.sha256) return;
    onRetry('what was fetched earlier does not belong to the rest: starting anew', 0);
    await part.discard();
    await download({ ...fetching, checked: true });
  } finally {
    await fetcher.close();
  }
}

async function copyInto(part: PartFile, from: string, signal: AbortSignal): Promise<void> {
  const stat = statSync(from, { throwIfNoEntry: false });
  if (stat?.isFile() !== true) {
    throw new OcellusError('io_failed', `there is no file ${from}`, {
      hint: 'check the path given as --from',
    });
  }
  await part.requireSpace(stat.size);
  const handle = await part.openAt(0, { url: '', validator: null });
  try {
    await pipeline(createReadStream(from), handle.createWriteStream({ start: 0 }), { signal });
  } catch (error) {
    throw isAbort(error) ? error : diskError(part.path, error);
  }
}

function withoutSource(id: string): OcellusError {
  return new OcellusError('usage', `the manifest of "${id}" names no source`, {
    hint: 'give the file with --from FILE, or a `source` in the manifest',
  });
}

function withoutConsent({ id, source }: Manifest): OcellusError {
  return new OcellusError('usage', `${id} is under ${source!.licence}: ${source!.notice ?? ''}`.trim(), {
    hint: `if you may use it under these terms, say --accept-licence ${source!.licence}`,
  });
}

/** Plain HTTP is for servers of one's own, and only with a checksum. */
function requireSafeUrl(url: string, checked: boolean): void {
  const { protocol } = new URL(url);
  if (protocol === 'https:' || (protocol === 'http:' && checked)) return;
  throw new OcellusError('usage', `${url} is not https`, {
    hint: 'use an https address, or state the SHA-256 of the file in the manifest or with --sha256',
  });
}

function wrongHash(where: string, sha256: string, expected: ExpectedHash): OcellusError {
  const whose = {
    manifest: 'the manifest says',
    command_line: '--sha256 says',
    recorded: 'the first pull had',
    first_use: '',
  };
  return new OcellusError(
    'model_checksum_wrong',
    `the SHA-256 of ${where} is ${sha256}, but ${whose[expected.trust]} ${expected.sha256}`,
    {
      hint:
        expected.trust === 'recorded'
          ? 'the publisher replaced the file: if you trust the new one, give its checksum with --sha256'
          : 'nothing was installed: the file was replaced, or something on the way answers in its place',
    },
  );
}
