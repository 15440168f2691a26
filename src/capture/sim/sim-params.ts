import { OcellusError } from '../../base/errors.ts';
import { PARKING_PLACES } from './layout.ts';
import { LIGHT_MODES, type LightMode } from './light.ts';
import { SCENE_DEFAULTS, type SceneOptions } from './scene.ts';

/** What `sim://scene?...` asks for. */
export interface SimParams {
  readonly scene: SceneOptions;
  /** Frames at their times; otherwise as fast as the consumer takes them, on media time. */
  readonly realtime: boolean;
  /** How much faster than the clock the scene goes on, with its frames; above 1 on media time. 1 unless `realtime`. */
  readonly speed: number;
  /** Scene time of the first frame, ms. */
  readonly startMs: number;
  /** Length, ms; undefined: for ever. */
  readonly durationMs: number | undefined;
  /** Each picture carries its capture time, see time-code.ts. */
  readonly timeCode: boolean;
}

// Each parameter, what it takes, and what it means; the error messages come from here.
const PARAMETERS = {
  seed: 'a whole number, 0 to 4294967295',
  realtime: '1 or 0',
  speed: 'how many times as fast as real time, 1 to 100',
  duration: 'seconds, above 0',
  rate: 'objects per minute, 0 to 600',
  noise: 'standard deviation of the sensor noise in luma levels, 0 to 40',
  light: LIGHT_MODES.join(', '),
  parked: `cars parked at the kerb, 0 to ${PARKING_PLACES.length}`,
  leave: 'seconds into the scene when parked cars drive away, above 0',
  size: 'WIDTHxHEIGHT, 64x64 to 7680x4320',
  timecode: '1 or 0',
  start: 'seconds into the scene, 0 or more',
} as const;
type ParameterName = keyof typeof PARAMETERS;

/**
 * Reads the query of a `sim://` address.
 * @throws OcellusError `config_invalid` that names the parameter and what it takes
 */
export function parseSimParams(params: URLSearchParams): SimParams {
  for (const name of params.keys()) {
    if (name in PARAMETERS) continue;
    throw new OcellusError('config_invalid', `sim:// has no parameter "${name}"`, {
      hint: `valid parameters: ${Object.keys(PARAMETERS).join(', ')}`,
    });
  }
  const { seed, source, ratePerMinute, noise, light, parked, parkedUntilMs } = SCENE_DEFAULTS;
  const startS = numberIn(params, 'start', 0, 1e7) ?? 0;
  const leaveS = numberIn(params, 'leave', Number.MIN_VALUE, 1e7);
  const durationS = numberIn(params, 'duration', Number.MIN_VALUE, 1e7);
  return {
    scene: {
      seed: wholeNumberIn(params, 'seed', 2 ** 32 - 1) ?? seed,
      source: sizeIn(params) ?? source,
      ratePerMinute: numberIn(params, 'rate', 0, 600) ?? ratePerMinute,
      noise: numberIn(params, 'noise', 0, 40) ?? noise,
      light: lightIn(params) ?? light,
      parked: wholeNumberIn(params, 'parked', PARKING_PLACES.length) ?? parked,
      parkedUntilMs: leaveS === undefined ? parkedUntilMs : leaveS * 1000,
    },
    realtime: (wholeNumberIn(params, 'realtime', 1) ?? 1) === 1,
    speed: numberIn(params, 'speed', 1, 100) ?? 1,
    startMs: startS * 1000,
    durationMs: durationS === undefined ? undefined : durationS * 1000,
    timeCode: wholeNumberIn(params, 'timecode', 1) === 1,
  };
}

function numberIn(
  params: URLSearchParams,
  name: ParameterName,
  min: number,
  max: number,
): number | undefined {
  const text = params.get(name);
  if (text === null) return undefined;
  const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  if (value >= min && value <= max) return value;
  throw wrongValue(name, text);
}

function wholeNumberIn(params: URLSearchParams, name: ParameterName, max: number): number | undefined {
  const value = numberIn(params, name, 0, max);
  if (value === undefined || Number.isInteger(value)) return value;
  throw wrongValue(name, String(value));
}

function lightIn(params: URLSearchParams): LightMode | undefined {
  const text = params.get('light');
  if (text === null) return undefined;
  const mode = LIGHT_MODES.find((known) => known === text);
  if (mode === undefined) throw wrongValue('light', text);
  return mode;
}

function sizeIn(params: URLSearchParams): SceneOptions['source'] | undefined {
  const text = params.get('size');
  if (text === null) return undefined;
  const match = /^(\d{2,4})x(\d{2,4})$/.exec(text);
  const [widthPx, heightPx] = [Number(match?.[1]), Number(match?.[2])];
  if (widthPx >= 64 && widthPx <= 7680 && heightPx >= 64 && heightPx <= 4320) return { widthPx, heightPx };
  throw wrongValue('size', text);
}

function wrongValue(name: ParameterName, text: string): OcellusError {
  return new OcellusError('config_invalid', `sim:// parameter ${name}="${text}" is not valid`, {
    hint: `${name} takes ${PARAMETERS[name]}`,
  });
}
