import { randomBytes } from 'node:crypto';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../base/clock.ts';
import { messageOf } from '../../base/errors.ts';
import { diskSpace } from '../../device/disk-space.ts';
import type { Finding } from './finding.ts';

const BLOCK_BYTES = 2 ** 20;
const BLOCKS = 8;
const SYNCS = 10;
/** The store commits up to once a second, and events wait for it. */
const SLOW_SYNC_MS = 200;
/** Four cameras of 8 Mbit/s are recorded at 4 MiB/s. */
const SLOW_MIB_PER_S = 8;

/**
 * Writes a few MiB where the store is, syncs small writes as the store does, and takes all away again.
 * @param folder `storage.path`, absolute
 */
export async function diskSpeedFindings(folder: string, clock: Clock): Promise<Finding[]> {
  const id = 'disk:speed';
  const space = await diskSpace(folder);
  if (!space.writable) return [{ id, status: 'skip', summary: `this user may not write at ${space.folder}` }];
  // Where the folder is still to be made, the nearest that exists is on the same disk, as a rule.
  const scratch = await mkdtemp(join(space.folder, '.ocellus-doctor-')).catch(
    (error: unknown) => messageOf(error) && error,
  );
  if (typeof scratch !== 'string') return [failure(id, scratch)];
  try {
    return [speedFinding(id, space.folder, await measure(join(scratch, 'probe'), clock))];
  } catch (error) {
    return [failure(id, error)];
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

interface Speed {
  readonly mibPerS: number;
  /** The median of small writes that reached the disk. */
  readonly syncMs: number;
}

async function measure(path: string, clock: Clock): Promise<Speed> {
  // Random, or a file system that compresses would look fast.
  const block = randomBytes(BLOCK_BYTES);
  const file = await open(path, 'wx');
  try {
    const startMs = clock.monoMs();
    for (let i = 0; i < BLOCKS; i++) await file.write(block);
    await file.datasync();
    const tookMs = clock.monoMs() - startMs;
    const syncs: number[] = [];
    for (let i = 0; i < SYNCS; i++) {
      const beganMs = clock.monoMs();
      await file.write(block, 0, 4096);
      await file.datasync();
      syncs.push(clock.monoMs() - beganMs);
    }
    const median = syncs.sort((a, b) => a - b)[SYNCS / 2]!;
    return { mibPerS: (BLOCKS * 1000) / Math.max(tookMs, 0.01), syncMs: median };
  } finally {
    await file.close();
  }
}

/** What the numbers mean. */
export function speedFinding(id: string, folder: string, { mibPerS, syncMs }: Speed): Finding {
  const summary = `${mibPerS.toFixed(0)} MiB/s, ${syncMs.toFixed(1)} ms for a write to reach the disk at ${folder}`;
  if (mibPerS >= SLOW_MIB_PER_S && syncMs <= SLOW_SYNC_MS) return { id, status: 'ok', summary };
  const remedy = 'use an SSD, or an SD card of class A2; a card that became slow is wearing out';
  return { id, status: 'warn', summary: `slow: ${summary}`, remedy };
}

function failure(id: string, error: unknown): Finding {
  const { code } = error as NodeJS.ErrnoException;
  const summary = `a test file could not be written: ${messageOf(error)}`;
  const remedy =
    code === 'ENOSPC'
      ? 'free space, or move storage.path to a larger disk'
      : code === 'EROFS'
        ? 'mount it writable; a disk that turned read-only has errors, which dmesg tells'
        : 'see dmesg for errors of the disk, and check who owns the folder';
  return { id, status: 'fail', summary, remedy };
}
