import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type CameraProgress, cameraDuties, modelDuties, storeDuties } from '../../src/app/progress.ts';
import { captureSchema } from '../../src/config/camera-schema.ts';
import { type Duty, ProgressWatch } from '../../src/device/progress-watch.ts';
import { type CameraStateName, cameraStateNames } from '../../src/flow/camera-state.ts';
import type { SchedulerProgress } from '../../src/infer/scheduler.ts';

const LOOK_MS = 5_000;

/** Looks for `forMs` at what `duties` says at each time, and gives when something was stuck first. */
function firstStuckMs(forMs: number, duties: (atMs: number) => readonly Duty[]): number | undefined {
  const watch = new ProgressWatch(2 * LOOK_MS);
  for (let atMs = 0; atMs <= forMs; atMs += LOOK_MS) {
    if (watch.look(atMs, duties(atMs)).length > 0) return atMs;
  }
  return undefined;
}

interface Told {
  readonly state?: CameraStateName;
  readonly frames?: number;
  readonly losses?: number;
  readonly source?: string;
}

function camera({ state = 'live', frames = 0, losses = 0, source = 'rtsp://h/s' }: Told): CameraProgress {
  return {
    config: { source, capture: captureSchema.parse({}) },
    state: { state, cause: null, sinceMs: 0 },
    losses: { unreachable: losses },
    stats: { frames: { get: () => frames } },
  };
}

const HOUR_MS = 3_600_000;

describe('a camera', () => {
  test('live without a frame is stuck after its own stall detection should have found it', () => {
    const { stallTimeoutMs } = captureSchema.parse({});
    const stuckMs = firstStuckMs(HOUR_MS, () => cameraDuties('a', camera({})));
    expect(stuckMs).toBeGreaterThan(stallTimeoutMs + LOOK_MS);
    expect(stuckMs).toBeLessThanOrEqual(stallTimeoutMs + 20_000);
  });

  test('that delivers is not stuck', () => {
    const duties = (atMs: number) => cameraDuties('a', camera({ frames: Math.floor(atMs / 10_000) }));
    expect(firstStuckMs(HOUR_MS, duties)).toBeUndefined();
  });

  test.each<[CameraStateName, string]>([
    ['connecting', 'for as long as nobody answers'],
    ['reconnecting', 'again and again'],
    ['failed', 'slowly: a wrong password is tried every ten minutes'],
  ])('%s %s is not stuck', (state, _how) => {
    // openTimeoutMs and the longest wait of them all, backoffMaxMs times ten, between two attempts.
    const duties = (atMs: number) => cameraDuties('a', camera({ state, losses: Math.floor(atMs / 615_000) }));
    expect(firstStuckMs(24 * HOUR_MS, duties)).toBeUndefined();
  });

  test('that makes no attempts any more is stuck', () => {
    expect(firstStuckMs(HOUR_MS, () => cameraDuties('a', camera({ state: 'reconnecting' })))).toBeLessThan(
      15 * 60_000,
    );
  });

  test('that is disabled owes nothing', () => {
    const off = camera({ state: 'disabled' });
    expect(cameraDuties('a', off).filter(({ isOwed }) => isOwed)).toEqual([]);
  });

  test('that is a file waits for its model, whose patience is its own', () => {
    const file = camera({ source: 'file:/clip.mp4' });
    expect(firstStuckMs(10 * 60_000, () => cameraDuties('a', file))).toBeUndefined();
  });

  test('whatever it goes through, a camera that delivers or tries in time is never stuck', () => {
    const steps = fc.array(fc.constantFrom(...cameraStateNames), { minLength: 1, maxLength: 100 });
    fc.assert(
      fc.property(steps, (states) => {
        let [frames, losses] = [0, 0];
        const stuck = firstStuckMs((states.length - 1) * LOOK_MS, (atMs) => {
          const state = states[atMs / LOOK_MS]!;
          if (state === 'live') frames += 1;
          if (state === 'reconnecting') losses += 1;
          return cameraDuties('a', camera({ state, frames, losses }));
        });
        expect(stuck).toBeUndefined();
      }),
    );
  });
});

const RUN_TIMEOUT_MS = 10_000;
const well: SchedulerProgress = {
  ...{
    healthy: 1,
    owed: 1,
    returned: 0,
    results: 0,
    busyMs: 0,
    failures: 0,
    failedInARow: 0,
    timedOutInARow: 0,
  },
};

describe('a model', () => {
  const stuckMs = (told: (atMs: number) => Partial<SchedulerProgress>, forMs = HOUR_MS) =>
    firstStuckMs(forMs, (atMs) => modelDuties('m', { ...well, ...told(atMs) }, RUN_TIMEOUT_MS));

  test.each<[string, (atMs: number) => Partial<SchedulerProgress>]>([
    ['that has nothing to do', () => ({ owed: 0 })],
    ['that gives results', (atMs) => ({ returned: atMs, results: atMs })],
    ['that is slow, as long as its runs end', (atMs) => ({ returned: Math.floor(atMs / 20_000) })],
    [
      'whose every run throws, as the first did: a restart would not help',
      (atMs) => ({ returned: atMs, failures: atMs, failedInARow: atMs }),
    ],
    [
      'whose run hangs now and then',
      (atMs) => ({ returned: atMs, results: atMs, timedOutInARow: (atMs / LOOK_MS) % 4 }),
    ],
    [
      'that is opened anew and fails, again and again: it is known, and tried',
      (atMs) => ({ healthy: 0, failures: Math.floor(atMs / 30_000) }),
    ],
    ['that builds an engine of ten minutes', (atMs) => ({ healthy: atMs < 600_000 ? 0 : 1, owed: 0 })],
  ])('%s is not stuck', (_, told) => {
    expect(stuckMs(told)).toBeUndefined();
  });

  test.each<[string, (atMs: number) => Partial<SchedulerProgress>, number]>([
    ['of which no run returns, timeout or not', () => ({}), 30_000],
    [
      'of which five runs in a row had to be ended',
      (atMs) => ({ returned: atMs, timedOutInARow: atMs / 15_000 }),
      75_000,
    ],
    ['whose opening hangs', () => ({ healthy: 0 }), 900_000],
    [
      'that gave results until its runs began to fail: the GPU is lost to this process',
      (atMs) => ({ returned: atMs, results: 7, failures: atMs, failedInARow: 1 }),
      300_000,
    ],
  ])('%s is stuck', (_, told, expectedMs) => {
    expect(stuckMs(told)).toBe(expectedMs);
  });
});

describe('the store', () => {
  test.each([
    ['idle', () => ({ owed: 0, answered: 5, isLost: false }), undefined],
    ['busy', (atMs: number) => ({ owed: 3, answered: atMs, isLost: false }), undefined],
    [
      'slow, as an SD card',
      (atMs: number) => ({ owed: 1, answered: Math.floor(atMs / 30_000), isLost: false }),
      undefined,
    ],
    ['that does not answer', () => ({ owed: 1, answered: 5, isLost: false }), 60_000],
    ['whose thread died', () => ({ owed: 0, answered: 5, isLost: true }), 0],
  ])('%s', (_, told, expectedMs) => {
    expect(firstStuckMs(HOUR_MS, (atMs) => storeDuties(told(atMs)))).toBe(expectedMs);
  });
});
