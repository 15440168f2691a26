import { open } from 'node:fs/promises';

/** Makes names that were given, changed or removed in a folder outlive a power cut. A folder that is gone needs none. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r').catch(() => undefined);
  try {
    await folder?.sync();
  } finally {
    await folder?.close();
  }
}
