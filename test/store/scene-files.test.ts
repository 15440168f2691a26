import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { SceneFiles } from '../../src/store/scene-files.ts';
import { recordingLog } from '../fixtures/recording-log.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ocellus-scene-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const parked = {
  objectId: 'a',
  label: 'car',
  boxPx: [1, 2, 30, 40] as [number, number, number, number],
  source: { widthPx: 100, heightPx: 50 },
  appearance: Array.from({ length: 192 }, (_, i) => i),
  topScore: 0.9,
  startedAtMs: 1,
  lastSeenAtMs: 2,
  zones: { drive: { stayMs: 1_000, dwelled: true } },
  attributes: {},
};

it('gives back what was saved and leaves no scraps', () => {
  const { log } = recordingLog();
  new SceneFiles(folder, log).save('front', [parked]);
  expect(new SceneFiles(folder, log).load('front')).toEqual([parked]);
  expect(readdirSync(folder)).toEqual(['front.json']);
});

it.each(['', '{"v":1,"obj', '{"v":99,"objects":[]}'])('ignores a file that says %j', (text) => {
  const { log } = recordingLog();
  writeFileSync(join(folder, 'front.json'), text);
  expect(new SceneFiles(folder, log).load('front')).toEqual([]);
});

it('goes on when nothing can be written', () => {
  const { log } = recordingLog();
  writeFileSync(join(folder, 'taken'), '');
  const files = new SceneFiles(join(folder, 'taken'), log);
  expect(files.save('front', [parked])).toBe(false);
});
