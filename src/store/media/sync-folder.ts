import { open } from 'node:fs/promises';

/** Waits until the names in a folder are on disk: without it a power cut may undo a rename, however durable the file itself is. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
