/**
 * - `checking`: what is in the cache is being read
 * - `loading`: an engine is there and sessions are being opened on it
 * - `building`: this process builds it
 * - `waiting`: another process builds it, or the next try has its time
 * - `ready`: sessions run on it
 * - `failed`: given up until the model or its configuration changes
 */
export const ENGINE_STATES = ['checking', 'loading', 'building', 'waiting', 'ready', 'failed'] as const;
export type EngineState = (typeof ENGINE_STATES)[number];

/** How a model's TensorRT engine comes along. */
export interface EngineStatus {
  readonly state: EngineState;
  /** In this state, ms. */
  readonly forMs: number;
  /** Of a build, 0 to 1 by the time of an earlier one; null when there was none, or nothing is being built. */
  readonly progress: number | null;
  /** Until a build should be done, ms; 0 when it is overdue; null as with `progress`. */
  readonly etaMs: number | null;
  /** Until the next try, ms; null when none is planned. */
  readonly retryMs: number | null;
  /** Builds that began since an engine was last in use. */
  readonly attempts: number;
  readonly maxAttempts: number;
  /** How long the engine in use took to build; null when none is. */
  readonly tookMs: number | null;
  readonly lastError: string | null;
  /** Name of the engine in the cache. */
  readonly key: string;
}

/** A build that runs longer than the last one is nearly done, as far as anybody knows. */
const MOST_PROGRESS = 0.99;

/** @param expectedMs what an earlier build took */
export function buildProgress(
  elapsedMs: number,
  expectedMs: number | null,
): Pick<EngineStatus, 'progress' | 'etaMs'> {
  if (expectedMs === null || expectedMs <= 0) return { progress: null, etaMs: null };
  return {
    progress: Math.min(MOST_PROGRESS, elapsedMs / expectedMs),
    etaMs: Math.max(0, Math.round(expectedMs - elapsedMs)),
  };
}

/** One line for people: `building for 130 s, about 240 s to go`. */
export function describeEngine(status: EngineStatus): string {
  const { state, forMs, etaMs, retryMs, attempts, maxAttempts, lastError } = status;
  const s = (ms: number) => `${Math.round(ms / 1000)} s`;
  switch (state) {
    case 'building':
      return `building for ${s(forMs)}, ${etaMs === null ? 'no earlier build tells how long it takes' : `about ${s(etaMs)} to go`}`;
    case 'waiting':
      return retryMs === null
        ? `waiting for ${s(forMs)} for another process that builds it`
        : `build ${attempts} of ${maxAttempts} failed (${lastError}); the next begins in ${s(retryMs)}`;
    case 'failed':
      return `given up after ${attempts} of ${maxAttempts} builds: ${lastError}`;
    default:
      return `${state} for ${s(forMs)}`;
  }
}
