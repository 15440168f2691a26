import { describe, expect, it } from 'vitest';
import { agreement, confidentAgreement } from '../../../src/eval/quantize/agreement.ts';
import {
  fastestWithin,
  fewestInFloatWithin,
  type TriedCandidate,
  verdict,
} from '../../../src/eval/quantize/choice.ts';
import { describePicture, pickDiverse } from '../../../src/eval/quantize/pictures.ts';
import { relativeNoise } from '../../../src/eval/quantize/sensitivity.ts';

const flat = (level: number) =>
  describePicture({ data: new Uint8Array(3 * 64 * 48).fill(level), widthPx: 64, heightPx: 48 });

describe('pickDiverse', () => {
  it('takes the pictures that differ most, and none twice', () => {
    const pictures = [flat(10), flat(11), flat(250), flat(12), flat(130), flat(10)];
    expect(pickDiverse(pictures, 3)).toEqual([0, 2, 4]);
  });

  it('stops where the rest repeats what was taken', () => {
    expect(pickDiverse([flat(10), flat(10), flat(10)], 3)).toEqual([0]);
    expect(pickDiverse([], 3)).toEqual([]);
  });
});

describe('agreement', () => {
  const picture = (score: number, left: number) => ({
    ...{ picture: 'a.jpg', widthPx: 100, heightPx: 100 },
    detections: [
      {
        label: 'dog',
        classId: 16,
        score,
        boxPx: [left, 10, left + 40, 50] as [number, number, number, number],
      },
    ],
  });

  it('is 1 for the same boxes, whatever their scores', () => {
    expect(agreement([picture(0.9, 10)], [picture(0.3, 10)])).toBeCloseTo(1, 9);
  });

  it('counts only what the float model is sure of, and not how boxes moved, as what a person would call lost', () => {
    expect(confidentAgreement([picture(0.9, 10)], [picture(0.3, 14)])).toBeCloseTo(1, 9);
    expect(confidentAgreement([picture(0.9, 10)], [picture(0.9, 55)])).toBe(0);
    expect(confidentAgreement([picture(0.9, 10), picture(0.4, 10)], [picture(0.9, 10)])).toBeCloseTo(1, 9);
  });

  it('falls as boxes move, and is 0 where they are elsewhere', () => {
    const near = agreement([picture(0.9, 10)], [picture(0.9, 14)]);
    expect(near).toBeGreaterThan(0.4);
    expect(near).toBeLessThan(0.9);
    expect(agreement([picture(0.9, 10)], [picture(0.9, 55)])).toBe(0);
  });
});

describe('relativeNoise', () => {
  it('judges each column by itself: pixels do not outweigh scores', () => {
    const reference = [{ dims: [1, 2, 3], data: Float32Array.of(600, 600, 600, 1, 1, 1) }];
    const scoresGone = [{ dims: [1, 2, 3], data: Float32Array.of(600, 600, 600, 0, 0, 0) }];
    expect(relativeNoise(reference, reference)).toBe(0);
    expect(relativeNoise(reference, scoresGone)).toBeCloseTo(0.5, 6);
  });
});

describe('fastestWithin', () => {
  const tried = (inFloat: number, lossPoints: number, cpuMs: number): TriedCandidate => ({
    ...{ method: 'mse', inFloat, agreement: 0.9, ap: null, lossPoints, cpuMs, floatCpuMs: 20, pareto: false },
  });
  const all = [tried(0, 3, 10), tried(2, 0.4, 12), tried(8, 0.1, 15)];

  it('takes the fastest that loses no more than is allowed', () => {
    expect(fastestWithin(all, 0.5)?.inFloat).toBe(2);
    expect(fastestWithin(all, 5)?.inFloat).toBe(0);
  });

  it('for TensorRT takes the one with the most layers quantized, whatever its speed on a CPU', () => {
    const chosen = fewestInFloatWithin([tried(8, 0.1, 9), tried(2, 0.4, 40), tried(0, 3, 50)], 0.5);
    expect(chosen?.inFloat).toBe(2);
    expect(verdict(chosen, 0.5, 's8s8')).toMatchObject({ recommended: 'int8' });
    expect(verdict(chosen, 0.5, 'u8s8')).toMatchObject({ recommended: 'float' });
  });

  it('takes none where all lose more', () => {
    expect(fastestWithin(all, 0.05)).toBeNull();
  });
});
