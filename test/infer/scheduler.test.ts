import { describe, expect, it } from 'vitest';
import { OcellusError } from '../../src/base/errors.ts';
import type { Frame } from '../../src/flow/frame.ts';
import type { FrameDetector, InferenceResult } from '../../src/infer/frame-detector.ts';
import { InferenceScheduler, type LaneSink, type SchedulerStatus } from '../../src/infer/scheduler.ts';
import { FakeClock } from '../fakes/fake-clock.ts';

const empty: InferenceResult = { detections: [], timings: { preprocessMs: 0, runMs: 0, decodeMs: 0 } };

/** A detector that takes `serviceMs` of the fake clock and fails as told. */
class FakeDetector implements FrameDetector {
  readonly failures: Error[] = [];
  readonly seen: Frame[] = [];
  closed = 0;
  readonly #clock: FakeClock;
  readonly #serviceMs: number;

  constructor(clock: FakeClock, serviceMs: number) {
    this.#clock = clock;
    this.#serviceMs = serviceMs;
  }

  async detect(frame: Frame): Promise<InferenceResult> {
    this.seen.push(frame);
    await this.#clock.sleep(this.#serviceMs);
    const failure = this.failures.shift();
    if (failure !== undefined) throw failure;
    return empty;
  }

  async close(): Promise<void> {
    this.closed += 1;
  }
}

/** Notes what happened to each frame, in order. */
class Notes implements LaneSink {
  readonly outcomes: string[] = [];
  count = { results: 0, failed: 0, dropped: 0 };

  result(frame: Frame, _result: InferenceResult, inferredAtMs: number): void {
    this.count.results += 1;
    this.outcomes.push(`${frame.cameraId}${frame.seq} result ${inferredAtMs - 1_700_000_000_000}`);
  }

  failed(frame: Frame, error: OcellusError): void {
    this.count.failed += 1;
    this.outcomes.push(`${frame.cameraId}${frame.seq} ${error.code}`);
  }

  dropped(frame: Frame, reason: string): void {
    this.count.dropped += 1;
    this.outcomes.push(`${frame.cameraId}${frame.seq} ${reason}`);
  }
}

function frame(cameraId: string, seq: number, captureMonoMs: number): Frame {
  return {
    cameraId,
    seq,
    widthPx: 2,
    heightPx: 2,
    data: new Uint8Array(6),
    colour: { matrix: 'bt709', range: 'limited' },
    source: { widthPx: 2, heightPx: 2 },
    times: { captureAtMs: captureMonoMs, captureMonoMs, decodedAtMs: captureMonoMs },
    release() {},
  };
}

interface Rig {
  clock: FakeClock;
  scheduler: InferenceScheduler;
  detectors: FakeDetector[];
  statuses: SchedulerStatus[];
}

async function start(options: {
  sessions: number;
  serviceMs: number;
  failOpen?: (nth: number) => boolean;
}): Promise<Rig> {
  const clock = new FakeClock();
  const detectors: FakeDetector[] = [];
  const statuses: SchedulerStatus[] = [];
  let opened = 0;
  const scheduler = new InferenceScheduler({
    name: 'inference',
    sessions: options.sessions,
    clock,
    random: () => 0,
    backoff: { initialMs: 200, maxMs: 1_000, factor: 2 },
    onStatus: (status) => statuses.push(status),
    open: async () => {
      opened += 1;
      if (options.failOpen?.(opened) === true) {
        throw new OcellusError('provider_unavailable', 'the GPU is gone', { hint: 'reboot' });
      }
      const detector = new FakeDetector(clock, options.serviceMs);
      detectors.push(detector);
      return detector;
    },
  });
  await scheduler.start(new AbortController().signal);
  return { clock, scheduler, detectors, statuses };
}

/** A camera that offers a frame every `periodMs`, from `phaseMs` on. */
function camera(rig: Rig, id: string, periodMs: number, phaseMs: number, stampMs = () => rig.clock.monoMs()) {
  const notes = new Notes();
  const lane = rig.scheduler.lane(id, { periodMs }, notes);
  let offered = 0;
  const next = () => {
    offered += 1;
    lane.offer(frame(id, offered, stampMs()));
    rig.clock.after(periodMs, next);
  };
  rig.clock.after(phaseMs, next);
  return { notes, lane, offered: () => offered };
}

/** Jain's fairness index, 1/n..1 (Jain, Chiu and Hawe, DEC TR-301, 1984). */
function jain(shares: number[]): number {
  const sum = shares.reduce((a, b) => a + b, 0);
  return sum ** 2 / (shares.length * shares.reduce((a, b) => a + b ** 2, 0));
}

describe('InferenceScheduler', () => {
  it('gives each frame to the sink with the time of its inference', async () => {
    const rig = await start({ sessions: 1, serviceMs: 30 });
    const notes = new Notes();
    const lane = rig.scheduler.lane('a', { periodMs: 100 }, notes);
    lane.offer(frame('a', 1, 0));
    expect(lane.pending).toBe(1);
    expect(rig.scheduler.status().busy).toBe(1);
    await rig.clock.advance(30);
    expect(notes.outcomes).toEqual(['a1 result 30']);
    expect(lane.pending).toBe(0);
    expect(rig.scheduler.status()).toEqual({
      sessions: 1,
      healthy: 1,
      failures: 0,
      lastError: null,
      busy: 0,
    });
  });

  it('keeps the newest frame while a camera waits, and one in flight although a session is free', async () => {
    const rig = await start({ sessions: 2, serviceMs: 30 });
    const notes = new Notes();
    const lane = rig.scheduler.lane('a', { periodMs: 10 }, notes);
    for (const seq of [1, 2, 3, 4]) lane.offer(frame('a', seq, 0));
    expect(lane.pending).toBe(2);
    expect(rig.scheduler.status().busy).toBe(1);
    await rig.clock.advance(60);
    expect(notes.outcomes).toEqual(['a2 replaced', 'a3 replaced', 'a1 result 30', 'a4 result 60']);
  });

  it('serves the camera that is due first', async () => {
    const rig = await start({ sessions: 1, serviceMs: 10 });
    const notes = new Notes();
    const lane = (id: string, periodMs: number) => rig.scheduler.lane(id, { periodMs }, notes);
    lane('first', 1000).offer(frame('first', 1, 0));
    lane('slow', 500).offer(frame('slow', 1, 0));
    lane('fast', 50).offer(frame('fast', 1, 0));
    lane('medium', 200).offer(frame('medium', 1, 0));
    await rig.clock.advance(40);
    expect(notes.outcomes.map((outcome) => outcome.split(' ')[0])).toEqual([
      'first1',
      'fast1',
      'medium1',
      'slow1',
    ]);
  });

  it.each([
    [8, 50, 0, 'all cameras in one phase'],
    [8, 50, 7, 'phases apart'],
    [5, 80, 20, 'service in lock-step with the frames'],
    [16, 25, 6, 'many cameras'],
  ])(
    'is fair under fourfold overload: %i cameras, %i ms a run, %i ms apart (%s)',
    async (cameras, serviceMs, apartMs) => {
      const rig = await start({ sessions: 1, serviceMs });
      const all = Array.from({ length: cameras }, (_, i) => camera(rig, `c${i}`, 100, 1 + i * apartMs));
      await rig.clock.advance(20_000);
      const shares = all.map(({ notes }) => notes.count.results);
      expect(jain(shares)).toBeGreaterThanOrEqual(0.95);
      expect(Math.min(...shares)).toBeGreaterThan(0.9 * (20_000 / serviceMs / cameras));
      for (const { notes, lane, offered } of all) {
        expect(notes.count.results + notes.count.dropped + lane.pending).toBe(offered());
      }
    },
  );

  it('leaves a frame that waited too long for its turn, and keeps the turn for the next', async () => {
    const rig = await start({ sessions: 1, serviceMs: 50 });
    const notes = new Notes();
    const other = new Notes();
    const lane = rig.scheduler.lane('a', { periodMs: 100 }, notes);
    const rival = rig.scheduler.lane('b', { periodMs: 100 }, other);
    for (const each of [lane, rival]) each.limitWait(10);
    rival.offer(frame('b', 1, 0));
    await rig.clock.advance(5);
    lane.offer(frame('a', 1, 5));
    await rig.clock.advance(45);
    expect(notes.outcomes).toEqual(['a1 late']);
    rival.offer(frame('b', 2, 50));
    await rig.clock.advance(45);
    rival.offer(frame('b', 3, 95));
    lane.offer(frame('a', 2, 95));
    await rig.clock.advance(55);
    expect(notes.outcomes).toEqual(['a1 late', 'a2 result 150']);
    expect(other.outcomes).toEqual(['b1 result 50', 'b2 result 100', 'b3 late']);
  });

  it.each([
    [8, 50, 7, 'phases apart'],
    [8, 50, 0, 'all cameras in one phase'],
    [5, 80, 20, 'service in lock-step with the frames'],
    [16, 25, 6, 'many cameras'],
  ])(
    'is fair although it infers fresh frames only: %i cameras, %i ms a run, %i ms apart (%s)',
    async (cameras, serviceMs, apartMs) => {
      const rig = await start({ sessions: 1, serviceMs });
      const all = Array.from({ length: cameras }, (_, i) => camera(rig, `c${i}`, 100, 1 + i * apartMs));
      for (const { lane } of all) lane.limitWait(10);
      await rig.clock.advance(30_000);
      const shares = all.map(({ notes }) => notes.count.results);
      expect(jain(shares)).toBeGreaterThanOrEqual(0.95);
      expect(shares.reduce((sum, share) => sum + share, 0)).toBeGreaterThan((0.6 * 30_000) / serviceMs);
      for (const { notes, lane, offered } of all) {
        expect(notes.count.results + notes.count.dropped + lane.pending).toBe(offered());
      }
    },
  );

  it('counts what inference has taken', async () => {
    const rig = await start({ sessions: 1, serviceMs: 30 });
    camera(rig, 'a', 100, 0);
    await rig.clock.advance(250);
    expect(rig.scheduler.progress()).toMatchObject({ returned: 3, busyMs: 90 });
  });

  it('gives a slow camera all that it asks for while fast ones overload the sessions', async () => {
    const rig = await start({ sessions: 1, serviceMs: 100 });
    const fast = [0, 1, 2].map((i) => camera(rig, `fast${i}`, 33, 1 + i));
    const slow = camera(rig, 'slow', 1_000, 500);
    await rig.clock.advance(20_000);
    expect(slow.notes.count.results + slow.lane.pending).toBe(slow.offered());
    expect(jain(fast.map(({ notes }) => notes.count.results))).toBeGreaterThan(0.99);
  });

  it('does not let a file, whose media time starts at 0, overtake live cameras for ever', async () => {
    const rig = await start({ sessions: 1, serviceMs: 100 });
    await rig.clock.advance(1_000_000);
    const file = camera(rig, 'file', 50, 1, () => 0);
    const live = camera(rig, 'live', 50, 2);
    await rig.clock.advance(10_000);
    expect(jain([file.notes.count.results, live.notes.count.results])).toBeGreaterThan(0.99);
  });

  it('keeps a detector whose run throws now and then', async () => {
    const rig = await start({ sessions: 1, serviceMs: 10 });
    const { notes } = camera(rig, 'a', 20, 0);
    rig.detectors[0]!.failures.push(new OcellusError('inference_failed', 'bad frame'));
    await rig.clock.advance(50);
    expect(notes.outcomes).toEqual(['a1 inference_failed', 'a2 result 30', 'a3 result 50']);
    expect(rig.detectors).toHaveLength(1);
    expect(rig.scheduler.status()).toMatchObject({ healthy: 1, failures: 1, lastError: 'bad frame' });
  });

  it.each([
    [
      [new OcellusError('inference_timeout', 'too long', { hint: 'wait' })],
      'too long (wait)',
      'one that timed out',
    ],
    [
      [1, 2, 3].map((n) => new OcellusError('inference_failed', `failure ${n}`)),
      'failure 3',
      'three failures in a row',
    ],
    [[1, 2, 3].map((n) => new Error(`defect ${n}`)), 'defect 3', 'errors of another kind'],
  ])('closes a broken detector and opens a new one: %#', async (failures, lastError, _why) => {
    const rig = await start({ sessions: 1, serviceMs: 10 });
    rig.detectors[0]!.failures.push(...failures);
    const { notes } = camera(rig, 'a', 20, 0);
    await rig.clock.advance(20 * failures.length - 5);
    expect(rig.scheduler.status()).toMatchObject({ healthy: 0, lastError, failures: failures.length });
    expect(rig.detectors[0]!.closed).toBe(1);
    // Equal jitter with random() = 0: half of the first ceiling of 200 ms.
    await rig.clock.advance(200);
    expect(rig.detectors).toHaveLength(2);
    expect(rig.scheduler.status().healthy).toBe(1);
    expect(rig.statuses.map(({ healthy }) => healthy)).toEqual([...failures.map(() => 1).slice(1), 0, 1]);
    expect(notes.outcomes.at(-1)).toContain('result');
  });

  it('tells whether frames come back: what waits, what ended, and how many in a row did not by themselves', async () => {
    const rig = await start({ sessions: 1, serviceMs: 10 });
    const lane = rig.scheduler.lane('a', { periodMs: 100 }, new Notes());
    const offer = async (failure?: Error) => {
      if (failure !== undefined) rig.detectors.at(-1)!.failures.push(failure);
      lane.offer(frame('a', 1, 0));
      const { owed } = rig.scheduler.progress();
      await rig.clock.advance(10_000);
      return owed;
    };
    expect(await offer()).toBe(1);
    const well = {
      healthy: 1,
      owed: 0,
      returned: 1,
      results: 1,
      failures: 0,
      failedInARow: 0,
      timedOutInARow: 0,
    };
    expect(rig.scheduler.progress()).toMatchObject(well);
    for (let i = 0; i < 2; i++) await offer(new OcellusError('inference_timeout', 'too long'));
    const late = { returned: 3, failures: 2, failedInARow: 2, timedOutInARow: 2 };
    expect(rig.scheduler.progress()).toMatchObject({ ...well, ...late });
    await offer(new OcellusError('inference_failed', 'bad frame'));
    const failing = { returned: 4, failures: 3, failedInARow: 3, timedOutInARow: 0 };
    expect(rig.scheduler.progress()).toMatchObject({ ...well, ...failing });
    await offer();
    expect(rig.scheduler.progress()).toMatchObject({ ...well, returned: 5, results: 2, failures: 3 });
  });

  it('goes on with the other detectors and tries again, ever later, while a new one cannot be opened', async () => {
    const rig = await start({ sessions: 2, serviceMs: 10, failOpen: (nth) => nth > 2 && nth < 5 });
    rig.detectors[0]!.failures.push(new OcellusError('inference_timeout', 'too long'));
    const a = camera(rig, 'a', 20, 0);
    const b = camera(rig, 'b', 20, 0);
    await rig.clock.advance(320);
    expect(rig.scheduler.status()).toMatchObject({
      healthy: 1,
      failures: 3,
      lastError: 'the GPU is gone (reboot)',
    });
    await rig.clock.advance(1_680);
    expect(rig.scheduler.status()).toMatchObject({ sessions: 2, healthy: 2 });
    expect(rig.detectors).toHaveLength(3);
    expect(a.notes.count.results + b.notes.count.results).toBeGreaterThan(190);
  });

  it('ends a lane without touching the others', async () => {
    const rig = await start({ sessions: 1, serviceMs: 10 });
    const notes = new Notes();
    const lane = rig.scheduler.lane('a', { periodMs: 20 }, notes);
    lane.offer(frame('a', 1, 0));
    lane.offer(frame('a', 2, 0));
    lane.close();
    lane.close();
    lane.offer(frame('a', 3, 0));
    const other = camera(rig, 'b', 20, 1);
    await rig.clock.advance(35);
    expect(notes.outcomes).toEqual(['a2 closed', 'a3 closed', 'a1 closed']);
    expect(lane.pending).toBe(0);
    expect(other.notes.count.results).toBe(2);
  });

  it('closes: drops what waits, delivers what runs, closes the detectors, takes nothing more', async () => {
    const rig = await start({ sessions: 1, serviceMs: 10 });
    const notes = new Notes();
    const lane = rig.scheduler.lane('a', { periodMs: 20 }, notes);
    lane.offer(frame('a', 1, 0));
    lane.offer(frame('a', 2, 0));
    const closing = rig.scheduler.close(1_000);
    expect(rig.scheduler.close(1)).toBe(closing);
    lane.offer(frame('a', 3, 0));
    rig.scheduler.lane('late', { periodMs: 20 }, notes).offer(frame('late', 1, 0));
    await rig.clock.advance(10);
    await closing;
    expect(notes.outcomes).toEqual(['a2 closed', 'a3 closed', 'late1 closed', 'a1 result 10']);
    expect(rig.detectors[0]!.closed).toBe(1);
    expect(rig.clock.pending).toBe(0);
  });

  it('closes while it waits to open a detector anew', async () => {
    const rig = await start({ sessions: 1, serviceMs: 10 });
    rig.detectors[0]!.failures.push(new OcellusError('inference_timeout', 'too long'));
    rig.scheduler.lane('a', { periodMs: 20 }, new Notes()).offer(frame('a', 1, 0));
    await rig.clock.advance(20);
    expect(rig.scheduler.status().healthy).toBe(0);
    await rig.scheduler.close(1_000);
    await rig.clock.advance(10_000);
    expect(rig.detectors).toHaveLength(1);
  });

  it('does not start when a detector cannot be opened, and closes those that could', async () => {
    const clock = new FakeClock();
    const first = new FakeDetector(clock, 1);
    const detectors: (FrameDetector | Error)[] = [first, new OcellusError('model_invalid', 'no model')];
    const scheduler = new InferenceScheduler({
      name: 'inference',
      sessions: 2,
      clock,
      random: () => 0,
      open: async () => {
        const next = detectors.shift()!;
        if (next instanceof Error) throw next;
        return next;
      },
    });
    await expect(scheduler.start(new AbortController().signal)).rejects.toThrow('no model');
    await scheduler.close(1_000);
    expect(first.closed).toBe(1);
  });
});
