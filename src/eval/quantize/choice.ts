import type { RangeMethod } from '../../models/quantize/ranges.ts';
import type { QuantizedForm } from '../../models/quantize/rewrite.ts';

/** One quantized model that was tried. */
export interface TriedCandidate {
  readonly method: RangeMethod;
  /** Convolutions left in float. */
  readonly inFloat: number;
  /** AP of the float model's detections taken as the truth, 0..1. */
  readonly agreement: number;
  /** AP with the annotations, 0..1; null without. */
  readonly ap: number | null;
  /** Points lost: of AP by annotations where given, else what `confidentAgreement` lacks. */
  readonly lossPoints: number;
  /** CPU time of a run, ms, and of the float model's in the same minute. */
  readonly cpuMs: number;
  readonly floatCpuMs: number;
  /** Whether no other is both faster and less lossy. */
  readonly pareto: boolean;
}

/** A gain of less is lost in the noise of a measurement. */
const WORTHWHILE = 1.05;

/** Whether no other is both faster and less lossy. */
export function isPareto(candidate: TriedCandidate, all: readonly TriedCandidate[]): boolean {
  return !all.some(
    (other) =>
      other !== candidate && speedup(other) >= speedup(candidate) && other.lossPoints <= candidate.lossPoints,
  );
}

/** The fastest candidate that loses at most `maxLoss` points; null when all lose more. */
export function fastestWithin(candidates: readonly TriedCandidate[], maxLoss: number): TriedCandidate | null {
  const within = candidates.filter(({ lossPoints }) => lossPoints <= maxLoss);
  return within.reduce<TriedCandidate | null>(
    (best, each) => (best === null || speedup(each) > speedup(best) ? each : best),
    null,
  );
}

/** The candidate with the fewest convolutions in float that loses at most `maxLoss` points; null when all lose more. */
export function fewestInFloatWithin(
  candidates: readonly TriedCandidate[],
  maxLoss: number,
): TriedCandidate | null {
  const within = candidates.filter(({ lossPoints }) => lossPoints <= maxLoss);
  return within.reduce<TriedCandidate | null>(
    (best, each) => (best === null || each.inFloat < best.inFloat ? each : best),
    null,
  );
}

/** What to use on this machine, and why. */
export function verdict(
  chosen: TriedCandidate | null,
  maxLoss: number,
  form: QuantizedForm,
): { recommended: 'int8' | 'float'; why: string } {
  if (chosen === null) {
    return { recommended: 'float', why: `every quantized model loses more than ${maxLoss} points` };
  }
  if (form === 's8s8') {
    const lost = Math.max(0, chosen.lossPoints).toFixed(2);
    return {
      recommended: 'int8',
      why: `${lost} points lost; how fast it is shows only with TensorRT, not on this CPU`,
    };
  }
  const gain = speedup(chosen);
  const numbers = `${gain.toFixed(2)} times as fast as float for ${Math.max(0, chosen.lossPoints).toFixed(2)} points lost`;
  return gain >= WORTHWHILE
    ? { recommended: 'int8', why: numbers }
    : { recommended: 'float', why: `INT8 does not pay on this machine: ${numbers}` };
}

function speedup({ cpuMs, floatCpuMs }: TriedCandidate): number {
  return floatCpuMs / cpuMs;
}
