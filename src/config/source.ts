import { isAbsolute, resolve } from 'node:path';
import { OcellusError } from '../base/errors.ts';
import type { Finding, Path } from './issue.ts';
import { parseSourceUrl } from './source-url.ts';
import { closest } from './suggest.ts';

export const SOURCE_SCHEMES = ['rtsp', 'rtsps', 'http', 'https', 'v4l2', 'csi', 'file', 'sim'] as const;

const FORMS = 'rtsp://, rtsps://, http://, https://, v4l2:/dev/video0, csi://0, file:clip.mp4 or sim://scene';

/** Whether a camera's source has a form that some frame source takes. */
export function checkSource(path: Path, source: string): Finding[] {
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(source)?.[1]?.toLowerCase();
  if (scheme === undefined) {
    const hint = source.startsWith('/dev/') ? 'for a USB camera write v4l2:/dev/video0' : `use ${FORMS}`;
    return [{ path, message: 'the source has no scheme', hint }];
  }
  if (!SOURCE_SCHEMES.some((known) => known === scheme)) {
    const near = closest(scheme, SOURCE_SCHEMES);
    const hint = near === undefined ? `use ${FORMS}` : `did you mean "${near}"?`;
    return [{ path, message: `unknown scheme "${scheme}"`, hint }];
  }
  if (/^(rtsps?|https?)$/.test(scheme) && !(/^[a-z]+:\/\/./i.test(source) && URL.canParse(source))) {
    return [
      {
        path,
        message: 'not a valid URL',
        hint: `write ${scheme}://host:port/path; in a user and password "@" is %40 and "/" is %2F`,
      },
    ];
  }
  try {
    parseSourceUrl(source, '/');
    return [];
  } catch (error) {
    if (!(error instanceof OcellusError)) throw error;
    return [{ path, message: error.message, ...(error.hint !== undefined && { hint: error.hint }) }];
  }
}

/** The path of a `file:` source, without its options; undefined for any other source. */
export function sourceFile(source: string): string | undefined {
  return /^file:(?:\/\/(?=\/))?([^?]*)/i.exec(source)?.[1];
}

/** A `file:` source with its path made absolute; any other source as it is. */
export function resolveSource(source: string, baseDir: string): string {
  const file = sourceFile(source);
  if (file === undefined || isAbsolute(file)) return source;
  const query = source.indexOf('?');
  return `file:${resolve(baseDir, file)}${query === -1 ? '' : source.slice(query)}`;
}
