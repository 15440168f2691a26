import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { i420Bytes } from '../../src/flow/frame.ts';
import { MotionGate } from '../../src/motion/motion-gate.ts';
import { describeWithTestData, testData } from '../fixtures/test-data.ts';

const CLIP = 'one-by-one-person-detection.mp4';
const SIZE = { widthPx: 416, heightPx: 234 };
const FPS = 5;

interface EventTruth {
  readonly [CLIP]: { readonly visits: readonly (readonly [fromS: number, toS: number])[] };
}

describeWithTestData('a room that six people enter one by one', () => {
  it('moves during every visit and comes to rest after it', async () => {
    const { widthPx, heightPx } = SIZE;
    const filter = `fps=${FPS},scale=${widthPx}:${heightPx}`;
    const { stdout } = await promisify(execFile)(
      'ffmpeg',
      [
        '-v',
        'error',
        '-i',
        testData('videos', CLIP),
        '-vf',
        filter,
        '-pix_fmt',
        'yuv420p',
        '-f',
        'rawvideo',
        '-',
      ],
      { encoding: 'buffer', maxBuffer: 2 ** 28 },
    );
    const bytes = i420Bytes(widthPx, heightPx);
    const gate = new MotionGate({ sensitivity: 0.5, masks: [] });
    const moving: boolean[] = [];
    for (let n = 0; (n + 1) * bytes <= stdout.length; n++) {
      const data = stdout.subarray(n * bytes, (n + 1) * bytes);
      const result = gate.observe({ ...SIZE, data, times: { captureMonoMs: (n * 1000) / FPS } });
      expect(result.sceneChange).toBe(false);
      moving.push(result.moving);
    }
    const truth = JSON.parse(readFileSync(testData('videos', 'events_gt.json'), 'utf8')) as EventTruth;
    const { visits } = truth[CLIP];
    expect(visits).toHaveLength(6);
    // The truth is good to 0.4 s.
    const share = (fromS: number, toS: number) => {
      const part = moving.slice(Math.ceil((fromS + 0.4) * FPS), Math.floor((toS - 0.4) * FPS));
      return part.filter(Boolean).length / part.length;
    };
    for (const [fromS, toS] of visits) expect(share(fromS, toS)).toBeGreaterThan(0.95);
    expect(share(0, visits[0]![0])).toBe(0);
    // Automatic exposure goes on moving the picture for up to 4 s after somebody left; then it is quiet.
    const gaps = visits.slice(1).map(([fromS], n) => [visits[n]![1], fromS] as const);
    const long = gaps.filter(([fromS, toS]) => toS - fromS > 4);
    expect(long).toHaveLength(3);
    const rested = long.map(([fromS, toS]) => {
      const frames = moving.slice(Math.ceil(fromS * FPS), Math.floor((toS - 0.4) * FPS));
      return frames.includes(false);
    });
    expect(rested).toEqual([true, true, true]);
  });
});
