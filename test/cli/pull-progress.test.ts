import { PassThrough } from 'node:stream';
import { expect, it } from 'vitest';
import { PullProgress } from '../../src/cli/pull-progress.ts';
import { FakeClock } from '../fakes/fake-clock.ts';

function screen(isTTY: boolean): { out: PassThrough; text: () => string } {
  const out = Object.assign(new PassThrough(), { isTTY });
  return { out, text: () => String(out.read() ?? '') };
}

it('is a bar on a terminal, with speed and time left, and ends its line once', async () => {
  const { out, text } = screen(true);
  const clock = new FakeClock();
  const progress = new PullProgress(out, 'tiny', clock);
  progress.show(0, 4_000_000);
  await clock.advance(1000);
  progress.show(1_000_000, 4_000_000);
  progress.finish();
  progress.finish();
  expect(text().split('\r\x1b[K').slice(1)).toEqual([
    'tiny  [........................]  0 %  0 B of 4.0 MB',
    'tiny  [######..................]  25 %  1.0 MB of 4.0 MB  1.0 MB/s  3 s left\n',
  ]);
});

it('does not redraw for every byte', async () => {
  const { out, text } = screen(true);
  const progress = new PullProgress(out, 'tiny', new FakeClock());
  for (let bytes = 0; bytes < 1000; bytes += 1) progress.show(bytes, 1000);
  expect(text().split('\r')).toHaveLength(2);
});

it('is a plain line now and then where there is no terminal, and one at the end', async () => {
  const { out, text } = screen(false);
  const clock = new FakeClock();
  const progress = new PullProgress(out, 'tiny', clock);
  for (let second = 0; second <= 12; second += 1) {
    progress.show(second * 1000, 12_000);
    await clock.advance(1000);
  }
  expect(text()).toBe(
    'tiny  41 %  5.0 kB of 12.0 kB  1.0 kB/s  7 s left\n' +
      'tiny  83 %  10.0 kB of 12.0 kB  1.0 kB/s  2 s left\n' +
      'tiny  100 %  12.0 kB of 12.0 kB  1.0 kB/s\n',
  );
});

it('counts what it cannot know the whole of, and speed only of what came this time', async () => {
  const { out, text } = screen(false);
  const clock = new FakeClock();
  const progress = new PullProgress(out, 'tiny', clock);
  progress.show(1_000_000, undefined);
  await clock.advance(10_000);
  progress.show(1_020_000, undefined);
  expect(text()).toBe('tiny  1.0 MB  2.0 kB/s\n');
});
