import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf, OcellusError } from '../../base/errors.ts';

/**
 * Writes `<dir>/report.html` and `<dir>/report.json`, its numbers.
 * @returns the path of the page
 * @throws OcellusError `io_failed`
 */
export async function writeReport(dir: string, page: string, numbers: unknown): Promise<string> {
  const path = join(dir, 'report.html');
  try {
    await mkdir(dir, { recursive: true });
    await writeFile(path, page);
    await writeFile(join(dir, 'report.json'), `${JSON.stringify(numbers, null, 2)}\n`);
  } catch (cause) {
    throw new OcellusError('io_failed', `cannot write the report into ${dir}: ${messageOf(cause)}`, {
      hint: 'check that the folder of --report can be written',
      cause,
    });
  }
  return path;
}
