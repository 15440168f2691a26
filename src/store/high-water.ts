import { closeSync, constants, fdatasyncSync, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

/** Fixed, and less than a sector: it is overwritten in place, which needs no space on a full disk and does not tear. */
const RECORD_BYTES = 128;
const FILE = 'high-water.json';

const recordSchema = z.strictObject({
  seq: z.int().nonnegative(),
  /** The store was closed in order. */
  clean: z.boolean(),
});
export type HighWaterRecord = z.infer<typeof recordSchema>;

/**
 * The last number given, in a file beside the database, so that no number is given twice even when the database is lost
 * or could not be written for a while. Written without waiting for the disk: a killed process loses nothing of it, and
 * after a power cut the database, which did wait, is ahead of it.
 */
export class HighWater {
  readonly #fd: number;

  /** @throws what the file system says */
  constructor(folder: string) {
    this.#fd = openSync(join(folder, FILE), constants.O_RDWR | constants.O_CREAT, 0o640);
  }

  /** @param sync wait for the disk. @throws what the file system says */
  write(record: HighWaterRecord, sync = false): void {
    writeSync(this.#fd, `${JSON.stringify(record).padEnd(RECORD_BYTES - 1)}\n`, 0);
    if (sync) fdatasyncSync(this.#fd);
  }

  close(): void {
    closeSync(this.#fd);
  }
}

/** What an earlier run left; undefined when there is nothing, or nothing that can be read. */
export function readHighWater(folder: string): HighWaterRecord | undefined {
  try {
    return recordSchema.parse(JSON.parse(readFileSync(join(folder, FILE), 'utf8')));
  } catch {
    // Absent or damaged: the database alone knows.
    return undefined;
  }
}
