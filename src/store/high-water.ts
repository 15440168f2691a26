import { closeSync, fdatasyncSync, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

/** Fixed, and less than a sector: it is overwritten in place, which needs no space on a full disk and does not tear. */
const RECORD_BYTES = 128;

const recordSchema = z.strictObject({
  seq: z.int().nonnegative(),
  /** The store was closed in order. */
  clean: z.boolean(),
});
type Record = z.infer<typeof recordSchema>;

/**
 * The last number given, in a file beside the database, so that no number is given twice even when the database is lost
 * or could not be written for a while. Written without waiting for the disk: a killed process loses nothing of it, and
 * after a power cut the database, which did wait, is ahead of it.
 */
export class HighWater {
  readonly found: Record | undefined;
  readonly #fd: number;

  /** @throws what the file system says */
  constructor(folder: string) {
    const path = join(folder, 'high-water.json');
    this.found = read(path);
    this.#fd = openSync(path, this.found === undefined ? 'w+' : 'r+');
  }

  /** @param sync wait for the disk. @throws what the file system says */
  write(record: Record, sync = false): void {
    writeSync(this.#fd, `${JSON.stringify(record).padEnd(RECORD_BYTES - 1)}\n`, 0);
    if (sync) fdatasyncSync(this.#fd);
  }

  close(): void {
    closeSync(this.#fd);
  }
}

function read(path: string): Record | undefined {
  try {
    return recordSchema.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch {
    // Absent or damaged: the database alone knows.
    return undefined;
  }
}
