import { constants } from 'node:fs';
import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';

/** More than any file of sysfs has; of those of `/proc` the beginning is enough. */
const READ_LIMIT_BYTES = 8 * 1024;

/**
 * `/proc`, `/sys` and `/etc` below a root, for reading only. Whatever is missing, unreadable or nonsense reads as null: on a
 * machine that this program has never seen, every one of these files may be.
 */
export class HostTree {
  readonly #root: string;

  constructor(root = '/') {
    this.#root = root;
  }

  /** The first `limitBytes` of a file, without the white space and NULs at its ends; null also where nothing is left. */
  async text(path: string, limitBytes = READ_LIMIT_BYTES): Promise<string | null> {
    try {
      // Never waits for a writer, should there be a pipe where a file was expected.
      const file = await open(join(this.#root, path), constants.O_RDONLY | constants.O_NONBLOCK);
      try {
        const { buffer, bytesRead } = await file.read(Buffer.allocUnsafe(limitBytes), 0, limitBytes, null);
        return trimmed(buffer.toString('utf8', 0, bytesRead)) || null;
      } finally {
        await file.close();
      }
    } catch {
      return null;
    }
  }

  /** The number that a file begins with, as `4980` and `32760 mA` do. */
  async number(path: string): Promise<number | null> {
    return numberOf(await this.text(path));
  }

  /** Names in a folder, sorted; none where there is no such folder. */
  async names(path: string): Promise<readonly string[]> {
    try {
      return (await readdir(join(this.#root, path))).sort(byNumber);
    } catch {
      return [];
    }
  }

  /** Paths of the entries of `folder` whose names match. */
  async matching(folder: string, name: RegExp): Promise<readonly string[]> {
    return (await this.names(folder))
      .filter((entry) => name.test(entry))
      .map((entry) => `${folder}/${entry}`);
  }

  /** The first of `paths` that holds a number now. */
  async firstWithNumber(paths: Iterable<string>): Promise<string | null> {
    for (const path of paths) {
      if ((await this.number(path)) !== null) return path;
    }
    return null;
  }
}

/** A whole or decimal number at the beginning of `text`, where it can be held exactly enough; else null. */
export function numberOf(text: string | null | undefined): number | null {
  const match = /^[+-]?\d+(?:\.\d+)?(?=\s|$)/.exec(text ?? '');
  if (match === null) return null;
  const value = Number(match[0]);
  return Math.abs(value) <= Number.MAX_SAFE_INTEGER ? value : null;
}

/** `value / divisor`, rounded to `digits` decimals; null stays null. */
export function scaled(value: number | null, divisor: number, digits = 0): number | null {
  return value === null ? null : Number((value / divisor).toFixed(digits));
}

/** Strings of the device tree end in a NUL. */
function trimmed(text: string): string {
  return text.replaceAll('\0', ' ').trim();
}

/** `hwmon2` before `hwmon10`. */
function byNumber(a: string, b: string): number {
  return a.localeCompare(b, 'en', { numeric: true });
}
