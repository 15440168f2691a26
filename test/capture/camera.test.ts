import { afterEach, describe, expect, it } from 'vitest';
import { OcellusError } from '../../src/base/errors.ts';
import { type LogFields, type Logger, silentLogger } from '../../src/base/log.ts';
import { Camera, type CameraOptions } from '../../src/capture/camera.ts';
import { captureFailure } from '../../src/capture/capture-error.ts';
import { captureSchema } from '../../src/config/camera-schema.ts';
import type { CameraCause } from '../../src/flow/camera-state.ts';
import type { Frame } from '../../src/flow/frame.ts';
import { FakeClock } from '../fakes/fake-clock.ts';
import { ScriptedSource } from './scripted-source.ts';

const config = captureSchema.parse({
  openTimeoutMs: 15_000,
  stallTimeoutMs: 10_000,
  backoffInitialMs: 1_000,
  backoffMaxMs: 60_000,
  stableAfterMs: 30_000,
});

const cameras: Camera[] = [];
afterEach(async () => {
  await Promise.all(cameras.splice(0).map((camera) => camera.close(1_000)));
});

async function rig(options: Partial<CameraOptions> & { finite?: boolean } = {}) {
  const clock = new FakeClock();
  const source = new ScriptedSource(clock, options.finite);
  const states: string[] = [];
  const seqs: number[] = [];
  const camera = new Camera({
    id: 'front',
    source,
    config,
    clock,
    log: silentLogger,
    // The longest delay of each backoff: 1 s, 2 s, 4 s, ...
    random: () => 1,
    sink: {
      opened: () => {},
      frame: (frame: Frame) => {
        seqs.push(frame.seq);
        frame.release();
      },
      state: ({ state, cause }) => states.push(cause === null ? state : `${state}:${cause}`),
    },
    ...options,
  });
  cameras.push(camera);
  await camera.start(new AbortController().signal);
  await clock.advance(0);
  return { clock, source, camera, states, seqs };
}

describe('a camera', () => {
  it('is connecting until the first frame, then live, and says each once', async () => {
    const { source, states, camera } = await rig();
    source.frame();
    source.frame();
    expect(states).toEqual(['connecting', 'live']);
    expect(camera.frames).toBe(2);
  });

  it('is unreachable when no frame comes in time, and tries again', async () => {
    const { source, clock, states } = await rig();
    await clock.advance(14_999);
    expect(states).toEqual(['connecting']);
    await clock.advance(1);
    expect(states).toEqual(['connecting', 'reconnecting:unreachable']);
    expect(source.open).toBe(0);
    await clock.advance(1_000);
    expect(source.runs).toBe(2);
  });

  it('asks the source why no frame came', async () => {
    const { source, clock, states } = await rig();
    source.known = captureFailure('no_keyframe', 'non-existing PPS 0 referenced', 'set the interval');
    await clock.advance(15_000);
    expect(states.at(-1)).toBe('reconnecting:no_keyframe');
  });

  it('is stalled when frames stop, counted from the last one', async () => {
    const { source, clock, states } = await rig();
    source.frame();
    await clock.advance(9_000);
    source.frame();
    await clock.advance(9_999);
    expect(states.at(-1)).toBe('live');
    await clock.advance(1);
    expect(states.at(-1)).toBe('reconnecting:stalled');
    expect(source.open).toBe(0);
  });

  it('does not take a slow consumer of a file for a stall', async () => {
    let taken = () => {};
    const sink: CameraOptions['sink'] = {
      opened: () => {},
      state: () => {},
      frame: (frame) => {
        frame.release();
        return new Promise<void>((resolve) => {
          taken = resolve;
        });
      },
    };
    const { source, clock, camera } = await rig({ sink, finite: true });
    source.frame();
    await clock.advance(60_000);
    expect(camera.state.state).toBe('live');
    taken();
    await clock.advance(20_000);
    expect(camera.state.cause).toBe('stalled');
  });

  it('waits longer after each failure, up to the cap', async () => {
    const { source, clock } = await rig();
    const delays: number[] = [];
    for (let attempt = 1; attempt <= 8; attempt++) {
      source.fail('unreachable');
      await clock.advance(0);
      let waitedMs = 0;
      while (source.runs === attempt) {
        await clock.advance(500);
        waitedMs += 500;
      }
      delays.push(waitedMs);
    }
    expect(delays).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]);
  });

  it.each([
    { reason: 'stable running earns a quick reconnect', liveMs: 30_000, delayMs: 1_000 },
    { reason: 'a connection that flaps does not', liveMs: 5_000, delayMs: 4_000 },
  ])('$reason', async ({ liveMs, delayMs }) => {
    const { source, clock } = await rig();
    source.fail('unreachable');
    await clock.advance(1_000);
    source.fail('unreachable');
    await clock.advance(2_000);
    expect(source.runs).toBe(3);
    for (let t = 0; t <= liveMs; t += 5_000) {
      source.frame();
      if (t < liveMs) await clock.advance(5_000);
    }
    source.end();
    await clock.advance(delayMs - 1);
    expect(source.runs).toBe(3);
    await clock.advance(1);
    expect(source.runs).toBe(4);
  });

  it.each<{ reason: string; cause: CameraCause; attemptsInAnHour: number }>([
    { reason: 'cameras lock out who tries passwords', cause: 'auth_failed', attemptsInAnHour: 9 },
    { reason: 'a wrong path rarely mends itself', cause: 'not_found', attemptsInAnHour: 60 },
  ])('is failed after $cause and tries slowly: $reason', async ({ cause, attemptsInAnHour }) => {
    const { source, clock, states } = await rig();
    let attempts = 0;
    for (let minute = 0; minute < 60; minute++) {
      if (source.open === 1) {
        attempts += 1;
        source.fail(cause);
      }
      await clock.advance(60_000);
    }
    expect(attempts).toBe(attemptsInAnHour);
    expect(states).toEqual(['connecting', `failed:${cause}`]);
  });

  it('counts dropped pictures in seq, and goes on across reconnects', async () => {
    const { source, clock, seqs, camera } = await rig();
    source.frame();
    source.drop();
    source.frame();
    source.end();
    await clock.advance(1_000);
    source.frame();
    expect(seqs).toEqual([1, 3, 4]);
    expect(camera.drops.snapshot()).toEqual({ pool_exhausted: 1 });
    expect(camera.losses.snapshot()).toEqual({ ended: 1 });
  });

  it('ends with a file that is played once', async () => {
    const { source, clock, states } = await rig({ finite: true });
    source.frame();
    source.end();
    await clock.advance(600_000);
    expect(states).toEqual(['connecting', 'live', 'disabled:ended']);
    expect(source.runs).toBe(1);
  });

  it('reports a frozen picture while frames go on, and its recovery', async () => {
    const { source, clock, states } = await rig();
    for (let s = 0; s <= 60; s += 5) {
      source.frame(100);
      await clock.advance(5_000);
    }
    source.frame(101);
    expect(states).toEqual(['connecting', 'live', 'live:frozen', 'live']);
  });

  it('reports a black picture', async () => {
    const { source, clock, states } = await rig();
    for (let s = 0; s <= 30; s += 5) {
      source.frame(16 + ((s / 5) % 3));
      await clock.advance(5_000);
    }
    expect(states).toEqual(['connecting', 'live', 'live:black']);
  });

  it('stops and starts on request, one connection at a time', async () => {
    const { source, clock, camera, states, seqs } = await rig();
    source.frame();
    camera.setEnabled(false);
    source.frame();
    expect(source.released).toBe(2);
    await clock.advance(100_000);
    expect(source.open).toBe(0);
    expect(source.runs).toBe(1);
    camera.setEnabled(true);
    camera.setEnabled(false);
    camera.setEnabled(true);
    await clock.advance(0);
    expect(source.open).toBe(1);
    source.frame();
    expect(states).toEqual([
      'connecting',
      'live',
      'disabled',
      'connecting',
      'disabled',
      'connecting',
      'live',
    ]);
    expect(seqs).toEqual([1, 2]);
  });

  it('does not connect when it starts disabled', async () => {
    const clock = new FakeClock();
    const source = new ScriptedSource(clock);
    const states: string[] = [];
    const camera = new Camera({
      id: 'front',
      source,
      config,
      clock,
      log: silentLogger,
      random: () => 0,
      sink: { opened: () => {}, frame: (frame) => frame.release(), state: ({ state }) => states.push(state) },
    });
    camera.setEnabled(false);
    await camera.start(new AbortController().signal);
    await clock.advance(60_000);
    expect([source.runs, states]).toEqual([0, ['disabled']]);
  });

  it('leaves nothing behind when it is closed, in whatever state', async () => {
    for (const prepare of [
      () => {},
      (source: ScriptedSource) => void source.frame(),
      (source: ScriptedSource) => source.fail('unreachable'),
    ]) {
      const { source, clock, camera } = await rig();
      prepare(source);
      await clock.advance(0);
      await camera.close(1_000);
      expect(source.open).toBe(0);
      expect(clock.pending).toBe(0);
    }
  });

  it('releases a frame that comes after it was closed', async () => {
    const { source, camera, seqs } = await rig();
    const closed = camera.close(1_000);
    source.frame();
    await closed;
    expect([seqs, source.released]).toEqual([[], 1]);
  });

  it('writes one line per change of state, with the reason and what to try', async () => {
    const lines: { level: string; fields: LogFields }[] = [];
    const log: Logger = {
      ...silentLogger,
      info: (fields) => lines.push({ level: 'info', fields }),
      warn: (fields) => lines.push({ level: 'warn', fields }),
      child: () => log,
    };
    const { source, clock } = await rig({ log });
    for (let n = 0; n < 3; n++) {
      source.fail('unreachable');
      await clock.advance(1_000 * 2 ** n);
    }
    source.frame();
    expect(lines).toEqual([
      {
        level: 'warn',
        fields: {
          state: 'reconnecting',
          cause: 'unreachable',
          reason: 'it is unreachable',
          hint: 'try this',
        },
      },
      { level: 'info', fields: { state: 'live', cause: null } },
    ]);
  });

  it('survives a source that breaks its contract and a program that is missing', async () => {
    const { source, clock, camera } = await rig();
    source.crash(new TypeError('undefined is not a function'));
    await clock.advance(1_000);
    expect(camera.state).toMatchObject({ state: 'reconnecting', cause: 'decode_error' });
    source.crash(new OcellusError('tool_missing', 'cannot start ffmpeg: not found', { hint: 'install it' }));
    await clock.advance(0);
    expect(camera.state).toMatchObject({ state: 'failed', cause: 'not_found' });
    await clock.advance(60_000);
    source.frame();
    expect(camera.state.state).toBe('live');
  });

  it('does not notice a dead neighbour', async () => {
    const dead = await rig();
    const alive = await rig();
    dead.source.fail('unreachable');
    await dead.clock.advance(300_000);
    alive.source.frame();
    await alive.clock.advance(5_000);
    expect(alive.camera.state.state).toBe('live');
    expect(alive.states).toEqual(['connecting', 'live']);
  });
});
