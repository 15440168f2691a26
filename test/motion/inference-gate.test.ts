import { describe, expect, it } from 'vitest';
import { InferenceGate, type InferReason } from '../../src/motion/inference-gate.ts';
import type { MotionResult } from '../../src/motion/motion-gate.ts';

const still: MotionResult = { moving: false, areaFraction: 0, boxesNorm: [], sceneChange: false };
const moving: MotionResult = { ...still, moving: true, areaFraction: 0.1, boxesNorm: [[0, 0, 0.5, 0.5]] };
const changed: MotionResult = { ...still, areaFraction: 1, sceneChange: true };

type Step = readonly [
  atMonoMs: number,
  motion: MotionResult,
  liveTracks: number,
  expected: InferReason | null,
];

const cases: readonly (readonly [string, readonly Step[], string])[] = [
  ['the first frame', [[0, still, 0, 'heartbeat']], 'nothing is known of the scene yet'],
  [
    'a heartbeat while nothing happens',
    [
      [0, still, 0, 'heartbeat'],
      [200, still, 0, null],
      [4999, still, 0, null],
      [5000, still, 0, 'heartbeat'],
      [5200, still, 0, null],
    ],
    'the gate may be wrong: look now and then',
  ],
  [
    'motion and a moment after it',
    [
      [0, still, 0, 'heartbeat'],
      [200, moving, 0, 'motion'],
      [1700, still, 0, 'motion'],
      [1701, still, 0, null],
    ],
    'who stops for a moment is still looked at',
  ],
  [
    'a heartbeat counted from the last inference, whatever its reason',
    [
      [0, still, 0, 'heartbeat'],
      [3000, moving, 0, 'motion'],
      [5000, still, 0, null],
      [7999, still, 0, null],
      [8000, still, 0, 'heartbeat'],
    ],
    'a look just before makes the next one due later',
  ],
  [
    'live tracks',
    [
      [0, still, 0, 'heartbeat'],
      [200, still, 1, 'tracks'],
      [9000, still, 2, 'tracks'],
      [9200, still, 0, null],
    ],
    'a person who stands still is followed on',
  ],
  [
    'a change of the scene and a while after it',
    [
      [0, still, 0, 'heartbeat'],
      [200, changed, 0, 'scene_change'],
      [400, still, 0, 'scene_change'],
      [3200, still, 0, 'scene_change'],
      [3201, still, 0, null],
    ],
    'the background is new: what stands in it would not be seen',
  ],
  [
    'the strongest reason first',
    [
      [0, changed, 3, 'scene_change'],
      [200, moving, 3, 'scene_change'],
      [4000, moving, 3, 'motion'],
      [9000, still, 3, 'tracks'],
    ],
    'the reason is counted and shown',
  ],
];

describe('mode on', () => {
  it.each(cases)('%s', (_name, steps, reason) => {
    const gate = new InferenceGate({ mode: 'on', heartbeatMs: 5000 });
    for (const [atMonoMs, motion, liveTracks, expected] of steps) {
      expect(gate.shouldInfer({ atMonoMs, motion, liveTracks }), `${atMonoMs} ms: ${reason}`).toBe(expected);
    }
  });
});

describe('mode off', () => {
  it('infers every frame', () => {
    const gate = new InferenceGate({ mode: 'off', heartbeatMs: 5000 });
    for (const motion of [still, moving, changed, still]) {
      expect(gate.shouldInfer({ atMonoMs: 0, motion, liveTracks: 0 })).toBe('always');
    }
  });
});

it.each([
  ['off', 0, true],
  ['off', 3, true],
  ['on', 0, false],
  ['on', 1, true],
] as const)('in mode %s with %i live tracks says whether motion matters', (mode, liveTracks, anyway) => {
  expect(new InferenceGate({ mode, heartbeatMs: 5_000 }).infersAnyway(liveTracks)).toBe(anyway);
});
