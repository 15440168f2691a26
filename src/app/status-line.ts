import type { Provider } from '../config/schema.ts';
import type { StuckPart } from '../device/progress-watch.ts';
import type { CameraState } from '../flow/camera-state.ts';

/** What an operator wants to see first. */
export interface StatusFacts {
  /** By name. */
  readonly cameras: ReadonlyMap<string, CameraState>;
  readonly inferencesPerS: number;
  /** What the models run on; null for one that runs on nothing. */
  readonly providers: readonly (Provider | null)[];
  /** False where a page is configured and its address is not to be had; true when it is served. */
  readonly isServed: boolean;
  /** Events that wait for the broker; null while it is connected, or without one. */
  readonly waitingForBroker: number | null;
  /** Why events cannot be stored; null when they can. */
  readonly storeError: string | null;
  readonly stuck: readonly StuckPart[];
}

const PROVIDER_NAMES: Readonly<Record<Provider, string>> = { cpu: 'CPU', cuda: 'CUDA', tensorrt: 'TensorRT' };
const MAX_NAMED = 5;

/** One line for `systemctl status`: `3 of 4 cameras live, 19.8 inferences/s on CUDA; garden: auth_failed`. */
export function statusLine(facts: StatusFacts): string {
  const { inferencesPerS, isServed, waitingForBroker, storeError, stuck } = facts;
  const cameras = [...facts.cameras];
  const live = cameras.filter(([, { state }]) => state === 'live').length;
  const off = cameras.filter(([, { state }]) => state === 'disabled').length;
  const troubled = cameras.filter(([, { cause }]) => cause !== null && cause !== 'ended');
  const names = facts.providers.map((provider) => (provider === null ? 'nothing' : PROVIDER_NAMES[provider]));
  const on = [...new Set(names)].sort().join(' and ');
  const parts = [
    `${live} of ${cameras.length - off} cameras live${off === 0 ? '' : ` (${off} off)`}, ${inferencesPerS.toFixed(1)} inferences/s${on === '' ? '' : ` on ${on}`}`,
    ...troubled.slice(0, MAX_NAMED).map(([name, { cause }]) => `${name}: ${cause}`),
    ...(troubled.length > MAX_NAMED ? [`${troubled.length - MAX_NAMED} more with a cause`] : []),
    ...(waitingForBroker === null ? [] : [`broker away, ${waitingForBroker} events wait`]),
    ...(storeError === null ? [] : ['events cannot be stored']),
    ...(isServed ? [] : ['page not served']),
  ];
  const line = parts.join('; ');
  return stuck.length === 0 ? line : `stuck, to be restarted: ${stuckLine(stuck)}; ${line}`;
}

/** `camera front waits for a frame for 31 s`. */
export function stuckLine(stuck: readonly StuckPart[]): string {
  return stuck
    .slice(0, MAX_NAMED)
    .map(({ part, awaits, forMs }) => `${part} waits for ${awaits} (${Math.round(forMs / 1000)} s)`)
    .join('; ');
}
