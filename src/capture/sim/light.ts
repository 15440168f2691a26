import { seededRandom } from '../../base/random.ts';
import { hash } from './hash.ts';

/**
 * - `steady`: never changes
 * - `slow`: the sun and clouds, a few per cent a second at most
 * - `sudden`: slow, and every now and then a switch to dusk or to infrared (grey) and back
 */
export const LIGHT_MODES = ['steady', 'slow', 'sudden'] as const;
export type LightMode = (typeof LIGHT_MODES)[number];

export interface Light {
  /** Brightness, 1 is plain day. */
  readonly gain: number;
  /** Colour, 1 full .. 0 grey. */
  readonly saturation: number;
  /** How dark shadows are, 0 none .. 1. */
  readonly sun: number;
}

const SWITCH_EVERY_MS = 45_000;
const SWITCHED_MS = 20_000;

/** Light at a time: a pure function of the seed. */
export function lightAt(mode: LightMode, seed: number, tMs: number): Light {
  if (mode === 'steady') return { gain: 1, saturation: 1, sun: 0.8 };
  const random = seededRandom(seed ^ 0x3c6ef372);
  const turn = () => 2 * Math.PI * random();
  const cloud = Math.sin((2 * Math.PI * tMs) / 31_000 + turn());
  const day = Math.sin((2 * Math.PI * tMs) / 97_000 + turn());
  const slow: Light = { gain: 1 + 0.1 * day + 0.05 * cloud, saturation: 1, sun: 0.65 + 0.25 * cloud };
  const switched = mode === 'sudden' ? switchAt(seed, tMs) : undefined;
  if (switched === undefined) return slow;
  return switched === 'dusk'
    ? { gain: slow.gain * 0.5, saturation: 0.8, sun: 0 }
    : { gain: slow.gain * 0.72, saturation: 0, sun: 0 };
}

/** The instants in [fromMs, toMs) at which the light jumps, ms. */
export function lightSwitches(mode: LightMode, fromMs: number, toMs: number): number[] {
  if (mode !== 'sudden') return [];
  const switches: number[] = [];
  for (let n = Math.max(1, Math.floor(fromMs / SWITCH_EVERY_MS)); n * SWITCH_EVERY_MS < toMs; n++) {
    switches.push(n * SWITCH_EVERY_MS, n * SWITCH_EVERY_MS + SWITCHED_MS);
  }
  return switches.filter((atMs) => atMs >= fromMs && atMs < toMs);
}

function switchAt(seed: number, tMs: number): 'dusk' | 'infrared' | undefined {
  const n = Math.floor(tMs / SWITCH_EVERY_MS);
  if (n < 1 || tMs - n * SWITCH_EVERY_MS >= SWITCHED_MS) return undefined;
  return hash(seed, n, 0x11) % 2 === 0 ? 'dusk' : 'infrared';
}
