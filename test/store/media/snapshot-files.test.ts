import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { SnapshotFiles } from '../../../src/store/media/snapshot-files.ts';
import { recordingLog } from '../../fixtures/recording-log.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ocellus-views-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const LINK = 'snapshots/hall/1970-01-02/00-00-01.500-a.jpg';
const CROP = 'snapshots/hall/1970-01-02/00-00-01.500-a.crop.jpg';
const view = (text: string) => ({ picture: Buffer.from(text), crop: Buffer.from(`${text} crop`) });

function files(hasRoom = () => true) {
  const { log, lines } = recordingLog();
  return { files: new SnapshotFiles({ cameraId: 'hall', folder, hasRoom, log }), lines };
}

it('keeps a picture and its crop under the day and time at which the object came, and replaces them', async () => {
  const { files: kept } = files();
  expect(kept.linkOf({ objectId: 'a', startedAtMs: 86_401_500 })).toBe(LINK);
  expect(kept.exists(LINK)).toBe(false);
  expect(await kept.save(LINK, view('first'))).toBe(true);
  expect(await kept.save(LINK, view('second'))).toBe(true);
  expect(kept.exists(LINK)).toBe(true);
  expect(await readFile(join(folder, LINK), 'utf8')).toBe('second');
  expect(await readFile(join(folder, CROP), 'utf8')).toBe('second crop');
  expect(await readdir(join(folder, 'snapshots', 'hall', '1970-01-02'))).toHaveLength(2);
  expect(kept.outcomes.snapshot()).toEqual({ written: 2 });
});

it('writes nothing while the disk is nearly full, and counts it', async () => {
  let room = false;
  const { files: kept } = files(() => room);
  expect(kept.isWritable).toBe(false);
  expect(await kept.save(LINK, view('no'))).toBe(false);
  expect(await readdir(folder)).toEqual([]);
  room = true;
  expect(await kept.save(LINK, view('yes'))).toBe(true);
  expect(kept.outcomes.snapshot()).toEqual({ disk_full: 1, written: 1 });
});

it('says once that it cannot write, and once that it can again', async () => {
  const { files: kept, lines } = files();
  await writeFile(join(folder, 'snapshots'), 'a file where the folder should be');
  expect(await kept.save(LINK, view('no'))).toBe(false);
  expect(await kept.save(LINK, view('no'))).toBe(false);
  expect(kept.isWritable).toBe(false);
  await rm(join(folder, 'snapshots'));
  expect(await kept.save(LINK, view('yes'))).toBe(true);
  expect(kept.isWritable).toBe(true);
  expect(lines.map(({ level, message }) => [level, message])).toEqual([
    ['error', 'best views cannot be written'],
    ['info', 'best views are written again'],
  ]);
  expect(kept.outcomes.snapshot()).toEqual({ write_failed: 2, written: 1 });
});
