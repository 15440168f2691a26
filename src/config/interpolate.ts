import { readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { messageOf } from '../base/errors.ts';
import type { Finding, Path } from './issue.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

export interface Interpolated {
  readonly data: unknown;
  readonly findings: readonly Finding[];
}

const REFERENCE = /\$\$\{|\$\{([^}]*)\}?/g;
/** A secret is a line; whatever is larger was named by mistake. */
const MAX_SECRET_BYTES = 64 * 1024;

/**
 * Replaces `${env:NAME}`, `${file:/path}` and `${credential:NAME}` (of systemd's LoadCredential=) in every string of `data`;
 * `$${` stands for a literal `${`. A file's trailing newline is ignored. In the user and password of a URL the value is percent-encoded, so that a password may
 * hold "@" and "/".
 */
export function interpolate(data: unknown, environment: Environment, baseDir: string): Interpolated {
  const findings: Finding[] = [];
  const walk = (value: unknown, path: Path, holders: readonly unknown[]): unknown => {
    if (typeof value === 'string') return replace(value, path);
    if (typeof value !== 'object' || value === null) return value;
    if (holders.includes(value)) {
      findings.push({ path, message: 'an alias holds itself', hint: 'write the values out' });
      return null;
    }
    const chain = [...holders, value];
    if (Array.isArray(value)) return value.map((item, i) => walk(item, [...path, i], chain));
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [key, walk(item, [...path, key], chain)]),
    );
  };
  const replace = (text: string, path: Path): string =>
    text.replace(REFERENCE, (whole, reference: string | undefined, offset: number) => {
      if (reference === undefined) return '${';
      const outcome = whole.endsWith('}')
        ? resolveReference(reference, environment, baseDir)
        : {
            message: '"${" is never closed',
            hint: `write \${env:NAME}, or $\${ for the characters themselves`,
          };
      if (typeof outcome !== 'string') {
        findings.push({ path, ...outcome });
        return '';
      }
      const before = text.slice(0, offset);
      const after = text.slice(offset + whole.length);
      return isUserInfo(before, after) ? encodeURIComponent(outcome) : outcome;
    });
  return { data: walk(data, [], []), findings };
}

/** Whether what stands between the two is the user or the password of a URL. */
function isUserInfo(before: string, after: string): boolean {
  return /^[a-z][a-z0-9+.-]*:\/\/[^/?#]*$/i.test(before) && /^[^/?#]*@/.test(after);
}

function resolveReference(
  reference: string,
  environment: Environment,
  baseDir: string,
): string | { message: string; hint: string } {
  const colon = reference.indexOf(':');
  const kind = reference.slice(0, Math.max(0, colon));
  const name = reference.slice(colon + 1);
  if (kind === 'env' && /^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) {
    const value = environment[name];
    if (value !== undefined) return value;
    return {
      message: `environment variable ${name} is not set`,
      hint: `set ${name} where ocellus is started, in systemd with EnvironmentFile=, or use \${file:/path}`,
    };
  }
  if (kind === 'credential' && /^[A-Za-z0-9._-]+$/.test(name)) return readCredential(name, environment);
  if (kind === 'file' && name !== '') return readSecret(resolve(baseDir, name));
  return {
    message: 'unknown reference after "${"',
    hint: `write \${env:NAME}, \${file:/path} or \${credential:NAME}, or $\${ for the characters themselves`,
  };
}

/** A credential of systemd's, which are files in a folder that only this service may read. */
function readCredential(name: string, environment: Environment): string | { message: string; hint: string } {
  const folder = environment.CREDENTIALS_DIRECTORY;
  if (folder === undefined || folder === '') {
    return {
      message: `there is no credential ${name}: CREDENTIALS_DIRECTORY is not set`,
      hint: 'systemd 247 or newer sets it for a service with LoadCredential=; elsewhere set it to a folder of such files',
    };
  }
  const path = join(folder, name);
  const secret = readSecret(path);
  if (typeof secret === 'string') return secret;
  return {
    message: `there is no credential ${name}: ${secret.message}`,
    hint: `add LoadCredential=${name}:/path to the unit: sudo systemctl edit ocellus`,
  };
}

/** The text of a file without its last newline, or what is wrong with it. */
export function readSecret(path: string): string | { message: string; hint: string } {
  try {
    if (statSync(path).size > MAX_SECRET_BYTES) {
      return {
        message: `${path} is larger than ${MAX_SECRET_BYTES} bytes`,
        hint: 'name a file that holds one line',
      };
    }
    return readFileSync(path, 'utf8').replace(/\r?\n$/, '');
  } catch (error) {
    return fileProblem(path, error);
  }
}

/** Why a file cannot be read and what to try, without repeating its content. */
export function fileProblem(path: string, error: unknown): { message: string; hint: string } {
  const code = (error as NodeJS.ErrnoException).code;
  if (code === 'ENOENT' || code === 'ENOTDIR') {
    return {
      message: `there is no file ${path}`,
      hint: 'relative paths start at the folder of the configuration file',
    };
  }
  if (code === 'EACCES' || code === 'EPERM') {
    return { message: `${path} may not be read`, hint: 'let the user that runs ocellus read it' };
  }
  if (code === 'EISDIR') return { message: `${path} is a folder`, hint: 'name a file' };
  return { message: `${path} cannot be read: ${messageOf(error)}`, hint: 'check the file and its disk' };
}
