import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CameraDemand } from '../../../src/device/governor/measurements.ts';
import { type PlantOptions, ThermalPlant } from './thermal-plant.ts';

const HOUR_S = 3_600;
const TRIP_C = 95;

const camera = (cameraId: string, priority = 1, fps = 5): CameraDemand => ({
  cameraId,
  priority,
  model: 'default',
  fps,
});
const four = ['a', 'b', 'c', 'd'].map((id) => camera(id));

/** Runs at 80 % of the session; 100 % is 60 degrees above the air. */
const device: PlantOptions = {
  cameras: four,
  costMs: 40,
  tripC: TRIP_C,
  idleRiseC: 15,
  fullRiseC: 60,
  timeConstantS: 120,
  ambientC: () => 25,
};

describe('Governor on a device that gets warm', () => {
  it('does nothing while there is headroom', () => {
    const plant = new ThermalPlant(device);
    plant.run(4 * HOUR_S);
    expect(plant.changesS).toEqual([]);
    expect(plant.decision).toMatchObject({ level: 0, share: 1, reasons: [] });
    expect(plant.decision!.cameras.get('a')).toEqual({ fps: null, model: 'default', maxWaitMs: null });
  });

  it('lowers rates before the kernel throttles, settles, and comes back to full when it is cool', () => {
    const plant = new ThermalPlant({ ...device, ambientC: (atS) => (atS < 6 * HOUR_S ? 48 : 20) });
    plant.run(HOUR_S, ({ temperatureC }) => expect(temperatureC).toBeLessThan(TRIP_C));
    expect(plant.decision).toMatchObject({ reasons: ['temperature'] });
    expect(plant.rateOf('a')).toBeLessThan(5);
    expect(plant.rateOf('a')).toBeGreaterThan(1.5);
    const settled = plant.changesS.length;
    plant.run(5 * HOUR_S, ({ temperatureC }) => expect(temperatureC).toBeLessThan(TRIP_C));
    expect(plant.changesS.length - settled).toBeLessThanOrEqual(5 * 5);
    plant.run(HOUR_S / 2);
    expect(plant.decision!.level).toBe(0);
  });

  it('shares what is left by priority', () => {
    const cameras = [camera('gate', 3), camera('yard', 1), camera('shed', 1)];
    const plant = new ThermalPlant({ ...device, cameras, costMs: 55, ambientC: () => 48 });
    plant.run(HOUR_S);
    const [gate, yard, shed] = ['gate', 'yard', 'shed'].map((id) => plant.rateOf(id));
    expect(yard).toBeCloseTo(shed!, 6);
    expect(gate! / yard!).toBeCloseTo(Math.min(3, 5 / yard!), 6);
    expect(gate).toBeGreaterThan(yard! * 1.5);
  });

  it('keeps the least rate of every camera, and gives it up only when that is not enough either', () => {
    const plant = new ThermalPlant({ ...device, ambientC: () => 70 });
    plant.run(60);
    expect(plant.decision!.level).toBeGreaterThan(2);
    for (const { cameraId } of four) expect(plant.rateOf(cameraId)).toBeGreaterThanOrEqual(1);
    plant.run(HOUR_S);
    for (const { cameraId } of four) {
      expect(plant.rateOf(cameraId)).toBeGreaterThanOrEqual(0.5);
      expect(plant.rateOf(cameraId)).toBeLessThan(1);
    }
    expect(plant.decision!.level).toBe(8);
  });

  const devices = {
    fullRiseC: fc.integer({ min: 40, max: 75 }),
    timeConstantS: fc.integer({ min: 20, max: 400 }),
    baseC: fc.integer({ min: 0, max: 55 }),
  };

  it('on any device in steady weather: stays below throttling, settles, and comes back to full in the cold', () => {
    fc.assert(
      fc.property(fc.record(devices), ({ baseC, ...rest }) => {
        const plant = new ThermalPlant({
          ...device,
          ...rest,
          ambientC: (atS) => (atS > 8 * HOUR_S ? -10 : baseC),
        });
        plant.run(HOUR_S / 2);
        const hot = hotSeconds(plant, 7.5 * HOUR_S);
        expect(hot).toBe(0);
        for (let hour = 2; hour < 8; hour++) expect(changesIn(plant, hour)).toBeLessThanOrEqual(4);
        plant.run(HOUR_S);
        expect(plant.decision).toMatchObject({ level: 0, reasons: [] });
      }),
      { numRuns: 20 },
    );
  }, 120_000);

  it('on any device in any weather: stays below throttling and moves with the weather, not with itself', () => {
    const weather = fc.record({
      ...devices,
      swingC: fc.integer({ min: 0, max: 15 }),
      phase: fc.double({ min: 0, max: 2 * Math.PI, noNaN: true }),
    });
    fc.assert(
      fc.property(weather, ({ baseC, swingC, phase, ...rest }) => {
        const ambientC = (atS: number) =>
          baseC + swingC * Math.sin(phase + (2 * Math.PI * atS) / (24 * HOUR_S));
        const plant = new ThermalPlant({ ...device, ...rest, ambientC });
        plant.run(HOUR_S / 2);
        expect(hotSeconds(plant, 7.5 * HOUR_S)).toBe(0);
        for (let hour = 2; hour < 8; hour++) expect(changesIn(plant, hour)).toBeLessThanOrEqual(12);
      }),
      { numRuns: 20 },
    );
  }, 120_000);
});

/** Seconds of the next ones in which the kernel would throttle. */
function hotSeconds(plant: ThermalPlant, forS: number): number {
  let hot = 0;
  plant.run(forS, ({ temperatureC }) => {
    if (temperatureC >= TRIP_C) hot += 1;
  });
  return hot;
}

function changesIn(plant: ThermalPlant, hour: number): number {
  return plant.changesS.filter((atS) => Math.floor(atS / HOUR_S) === hour).length;
}
