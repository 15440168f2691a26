import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { silentLogger } from '../../src/base/log.ts';
import { MediaRetention } from '../../src/store/media/media-retention.ts';
import { FakeClock } from '../fakes/fake-clock.ts';

const WRITER = fileURLToPath(new URL('../fixtures/snapshot-writer.mjs', import.meta.url));
const DIST = fileURLToPath(new URL('../../dist', import.meta.url));
const KILLS = 12;
const NO_LIMIT = { maxBytes: 1e12, maxDays: 1e6 };

it('a kill -9 at any moment leaves no torn picture under its name, and its remains go at the next start', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'ocellus-kills-'));
  try {
    for (let kill = 0; kill < KILLS; kill++) {
      const child = spawn(process.execPath, [WRITER, DIST, folder], { stdio: ['ignore', 'pipe', 'inherit'] });
      await once(child.stdout, 'data');
      // Spread over the time that one picture takes to be written.
      await new Promise((resolve) => setTimeout(resolve, 20 + 7 * kill));
      child.kill('SIGKILL');
      await once(child, 'exit');
      const day = join(folder, 'snapshots', 'hall', '1970-01-01');
      for (const [name, bytes] of [
        ['00-00-00.000-a.jpg', 2_000_000],
        ['00-00-00.000-a.crop.jpg', 300_000],
      ] as const) {
        const data = await readFile(join(day, name));
        expect(data).toHaveLength(bytes);
        expect(data.equals(Buffer.alloc(bytes, data[0])), `${name} is of one writing`).toBe(true);
      }
      const retention = new MediaRetention({
        ...{ folder, clips: NO_LIMIT, snapshots: NO_LIMIT, reserveBytes: 0 },
        ...{ clock: new FakeClock(), log: silentLogger },
      });
      await retention.start(new AbortController().signal);
      await retention.close();
      expect(await readdir(day)).toHaveLength(2);
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
