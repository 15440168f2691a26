import { describe, expect, it } from 'vitest';
import { governorSchema } from '../../../src/config/governor-schema.ts';
import { Governor } from '../../../src/device/governor/governor.ts';
import {
  type CameraDemand,
  type GovernorDecision,
  type HostPressure,
  type MemoryPressure,
  type ModelLoad,
  NO_PRESSURE,
} from '../../../src/device/governor/measurements.ts';

const camera = (cameraId: string, fps: number, priority = 1, model = 'default'): CameraDemand => ({
  ...{ cameraId, fps, priority, model },
});

class Rig {
  readonly governor = new Governor(governorSchema.parse({}));
  cameras: readonly CameraDemand[];
  models: ReadonlyMap<string, ModelLoad>;
  #atS = 0;

  constructor(cameras: readonly CameraDemand[], models: Record<string, ModelLoad>) {
    this.cameras = cameras;
    this.models = new Map(Object.entries(models));
  }

  run(forS: number, host: Partial<HostPressure> = {}): GovernorDecision {
    let decision: GovernorDecision | undefined;
    for (let i = 0; i < forS; i++) {
      decision = this.governor.decide({
        monoMs: this.#atS++ * 1000,
        host: { ...NO_PRESSURE, ...host },
        cameras: this.cameras,
        models: this.models,
      });
    }
    return decision!;
  }
}

const fpsOf = (decision: GovernorDecision, cameraId: string) => decision.cameras.get(cameraId)!.fps;
const memory = (values: Partial<MemoryPressure>): Partial<HostPressure> => ({
  memory: { somePercent: 0, fullPercent: 0, usedPercent: null, ...values },
});

describe('Governor under overload', () => {
  const eight = Array.from({ length: 8 }, (_, i) => camera(`c${i}`, 10));
  // 80 frames per second of 40 ms: four times what one session can do at 80 %.
  const model = { sessions: 1, costMs: 40 };

  it('plans the time of the sessions, equally, and says why', () => {
    const decision = new Rig(eight, { default: model }).run(3);
    const shares = eight.map(({ cameraId }) => fpsOf(decision, cameraId)!);
    expect(new Set(shares).size).toBe(1);
    expect(shares.reduce((sum, fps) => sum + fps, 0) * 40).toBeCloseTo(850, 0);
    expect(decision).toMatchObject({ level: 6, reasons: ['overload'], saveMemory: false });
    expect(decision.cameras.get('c0')!.maxWaitMs).toBe(10);
  });

  it('leaves a load alone that fits, and one that does so only just', () => {
    const rig = new Rig(eight.slice(0, 2), { default: model });
    expect(rig.run(10)).toMatchObject({ level: 0, reasons: [] });
    rig.cameras = [camera('c0', 22)];
    expect(fpsOf(rig.run(10), 'c0')).toBeNull();
  });

  it('gives all back within ten seconds of the load going, and not while it wavers', () => {
    const rig = new Rig(eight, { default: model });
    rig.run(20);
    rig.cameras = eight.slice(0, 2);
    expect(fpsOf(rig.run(1), 'c0')).toBeNull();
    expect(rig.run(9).level).toBe(0);
    const wavering = Array.from({ length: 30 }, (_, i) => {
      rig.cameras = [camera('c0', 21 + (i % 2))];
      return rig.run(1).level;
    });
    expect(new Set(wavering)).toEqual(new Set([0]));
  });

  it('knows nothing of a model that has not run, and limits nothing', () => {
    const decision = new Rig(eight, { default: { sessions: 1, costMs: null } }).run(5);
    expect(decision).toMatchObject({ level: 0, share: 1 });
  });

  it('has an account for every model', () => {
    const cameras = [...eight, camera('other', 5, 1, 'fast')];
    const decision = new Rig(cameras, { default: model, fast: { sessions: 1, costMs: 10 } }).run(3);
    expect(fpsOf(decision, 'other')).toBeNull();
    expect(fpsOf(decision, 'c0')).not.toBeNull();
  });
});

describe('a smaller model', () => {
  const models = {
    default: { sessions: 1, costMs: 100, smaller: 'small' },
    small: { sessions: 1, costMs: 25 },
  };
  const modelsOf = (decision: GovernorDecision) => [...decision.cameras.values()].map(({ model }) => model);

  it('is taken when rates alone do not suffice, by the least priority first, and no further than needed', () => {
    const cameras = [camera('gate', 7, 4), camera('yard', 7), camera('shed', 7)];
    const decision = new Rig(cameras, models).run(3);
    expect(decision.cameras.get('gate')!.model).toBe('default');
    expect(modelsOf(decision)).toContain('small');
    expect(fpsOf(decision, 'gate')).toBeGreaterThan(fpsOf(decision, 'yard')!);
  });

  it('is not taken where lower rates are enough', () => {
    const decision = new Rig([camera('a', 6), camera('b', 6)], models).run(10);
    expect(modelsOf(decision)).toEqual(['default', 'default']);
    expect(fpsOf(decision, 'a')).toBeCloseTo(4.25, 2);
  });

  it('is left within ten seconds when there is time for everything, else slowly and only where that lasts', () => {
    const cameras = ['a', 'b', 'c', 'd'].map((id) => camera(id, 8));
    const rig = new Rig(cameras, models);
    expect(modelsOf(rig.run(5))).toContain('small');
    const changes = new Set<string>();
    for (let i = 0; i < 600; i++) changes.add(modelsOf(rig.run(1)).join());
    expect(changes.size).toBe(1);
    rig.cameras = cameras.map((each) => ({ ...each, fps: 1 }));
    expect(modelsOf(rig.run(9))).toEqual(['default', 'default', 'default', 'default']);
  });
});

describe('Governor under other pressure', () => {
  const cameras = [camera('a', 5), camera('b', 5)];
  const models = { default: { sessions: 1, costMs: 40 } };

  it.each([
    ['processes wait for memory', memory({ somePercent: 30 })],
    ['all processes wait for memory', memory({ fullPercent: 8 })],
    ['the limit of the service is near', memory({ usedPercent: 95 })],
  ])('lowers rates and saves memory when %s, and ends that soon after', (_, host) => {
    const rig = new Rig(cameras, models);
    expect(rig.run(1, memory({ usedPercent: 60 }))).toMatchObject({ level: 0, saveMemory: false });
    const pressed = rig.run(12, host);
    expect(pressed).toMatchObject({ reasons: ['memory'], saveMemory: true });
    expect(fpsOf(pressed, 'a')).toBeLessThan(5);
    expect(fpsOf(pressed, 'a')).toBeGreaterThanOrEqual(1);
    expect(rig.run(150, memory({ usedPercent: 60 }))).toMatchObject({ level: 0, saveMemory: false });
  });

  it('lowers rates when the supply cannot give what is asked, and waits a while before it asks again', () => {
    const rig = new Rig(cameras, models);
    rig.run(5);
    expect(rig.run(1, { powerThrottling: true })).toMatchObject({ level: 1, reasons: ['power'] });
    expect(rig.run(100)).toMatchObject({ level: 1 });
    expect(rig.run(60)).toMatchObject({ level: 0, reasons: [] });
  });

  it('names the strongest reason first, and the strictest counts', () => {
    const rig = new Rig(cameras, models);
    rig.run(1, { powerThrottling: true });
    const decision = rig.run(40, { ...memory({ somePercent: 90 }), headroomC: 20, temperatureC: 60 });
    expect(decision.reasons).toEqual(['memory', 'power']);
    expect(decision.level).toBeGreaterThan(4);
  });

  it('goes by the kernel where no sensor states a limit', () => {
    const rig = new Rig(cameras, models);
    expect(rig.run(30, { thermalThrottling: true, temperatureC: 70 })).toMatchObject({
      reasons: ['temperature'],
    });
  });
});
