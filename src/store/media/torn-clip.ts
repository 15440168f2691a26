import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { PART_SUFFIX } from './clip-file.ts';
import { syncFolder } from './sync-folder.ts';

const HEADER_BYTES = 8;

/**
 * Gives a clip that a crash left incomplete its own name: it is playable once the picture that was being written is cut
 * off. One without a whole picture is removed. @param part path that ends in `PART_SUFFIX`
 */
export async function completeTornClip(part: string): Promise<void> {
  const file = await open(part, 'r+');
  let wholeBytes = 0;
  try {
    const { size } = await file.stat();
    const header = Buffer.alloc(HEADER_BYTES);
    for (let at = 0; at + HEADER_BYTES <= size; ) {
      await file.read(header, 0, HEADER_BYTES, at);
      const bytes = header.readUInt32BE(0);
      if (bytes < HEADER_BYTES || at + bytes > size) break;
      at += bytes;
      if (header.toString('latin1', 4) === 'mdat') wholeBytes = at;
    }
    await file.truncate(wholeBytes);
    await file.datasync();
  } finally {
    await file.close();
  }
  if (wholeBytes === 0) await rm(part);
  else await rename(part, part.slice(0, -PART_SUFFIX.length));
  await syncFolder(dirname(part));
}
