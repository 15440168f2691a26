import type { Camera } from '../server/contract.ts';
import type { DeviceReport } from './device-sections.ts';
import { percent, words } from './words.ts';

/** Why and how far a camera's detection is held back. */
export function limitText({ fps, model, reasons }: NonNullable<Camera['limit']>): string {
  const rate = fps === null ? '' : ` to ${fps.toFixed(1)} frames a second`;
  return `Detection is held back${rate}, on the model ${model}: ${list(reasons)}.`;
}

/** The same of the whole device; undefined while nothing is held back. */
export function heldBackBy(report: DeviceReport | undefined): string | undefined {
  const { governor } = (report ?? {}) as {
    governor?: { level: number; grantedPercent: number; reasons: readonly string[] };
  };
  if (governor === undefined || governor.level === 0) return undefined;
  return `${percent(governor.grantedPercent / 100)} of the detection that is wanted is done: ${list(governor.reasons)}.`;
}

function list(reasons: readonly string[]): string {
  return reasons.length === 0 ? 'for a moment' : reasons.map(words).join(', ');
}
