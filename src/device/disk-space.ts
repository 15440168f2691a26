import { constants } from 'node:fs';
import { access, stat, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';

export interface DiskSpace {
  /** The folder itself, or the nearest one above it that exists. */
  readonly folder: string;
  readonly freeBytes: number;
  /** Whether this user may write there. */
  readonly writable: boolean;
}

/** Room where `folder` is or would be made. @param folder absolute */
export async function diskSpace(folder: string): Promise<DiskSpace> {
  const present = await nearestExisting(folder);
  const { bavail, bsize } = await statfs(present);
  const writable = await access(present, constants.W_OK).then(
    () => true,
    () => false,
  );
  return { folder: present, freeBytes: bavail * bsize, writable };
}

async function nearestExisting(folder: string): Promise<string> {
  try {
    await stat(folder);
    return folder;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || dirname(folder) === folder) throw error;
    return nearestExisting(dirname(folder));
  }
}
