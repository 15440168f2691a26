import type { CameraConfig } from '../config/camera-schema.ts';
import type { Duty } from '../device/progress-watch.ts';
import type { CameraState } from '../flow/camera-state.ts';
import type { SchedulerProgress } from '../infer/scheduler.ts';
import type { StoreProgress } from '../store/event-history.ts';

/** A camera, as far as its progress shows. */
export interface CameraProgress {
  readonly config: Pick<CameraConfig, 'source' | 'capture'>;
  readonly state: CameraState;
  /** Connections lost or not made. */
  readonly losses: Readonly<Partial<Record<string, number>>>;
  readonly stats: { readonly frames: { get(outcome: 'captured'): number } };
}

/** Beyond what a camera's own patience allows: to end its child process by force and to say so. */
const CAMERA_GRACE_MS = 15_000;
/** A wrong password is tried again ten times more slowly than anything else. */
const LONGEST_BACKOFFS = 10;
const ATTEMPT_GRACE_MS = 60_000;
/** A file that is read as fast as possible waits for its model, which has patience of its own. */
const FILE_PATIENCE_MS = 15 * 60_000;

const RUN_GRACE_MS = 10_000;
/** So many runs in a row, each on a session opened anew, show that opening anew does not help. */
const HOPELESS_TIMEOUTS = 5;
/** Building a TensorRT engine takes ten minutes on a small device. */
const OPENING_PATIENCE_MS = 15 * 60_000;
/** A GPU that was lost comes back for a new process only. */
const FAILING_PATIENCE_MS = 5 * 60_000;

/** An SD card is silent for seconds when it tidies up. */
const COMMIT_PATIENCE_MS = 60_000;

/**
 * What a camera owes. Live, it owes frames: `stalled` should have been found long before, so that silence means that what
 * looks for stalls is stuck itself. Not live, it owes attempts. Switched off or played to its end, it owes nothing.
 */
export function cameraDuties(id: string, camera: CameraProgress): Duty[] {
  const { openTimeoutMs, stallTimeoutMs, backoffMaxMs } = camera.config.capture;
  const { state } = camera.state;
  const frames = camera.stats.frames.get('captured');
  const attempts = Object.values(camera.losses).reduce<number>((sum, count) => sum + (count ?? 0), 0);
  const part = `camera ${id}`;
  const isFile = camera.config.source.startsWith('file:');
  return [
    {
      part,
      awaits: 'a frame',
      isOwed: state === 'live',
      // Handled, not only received: pictures that find no free buffer any more are no progress.
      done: frames,
      patienceMs: isFile ? FILE_PATIENCE_MS : stallTimeoutMs + CAMERA_GRACE_MS,
    },
    {
      part,
      awaits: 'another attempt to connect',
      isOwed: state === 'connecting' || state === 'reconnecting' || state === 'failed',
      done: attempts + frames,
      patienceMs: openTimeoutMs + LONGEST_BACKOFFS * backoffMaxMs + ATTEMPT_GRACE_MS,
    },
  ];
}

/** What a model owes to the cameras that offer frames to it. */
export function modelDuties(name: string, progress: SchedulerProgress, runTimeoutMs: number): Duty[] {
  const { healthy, owed, returned, results, failures, failedInARow, timedOutInARow } = progress;
  const part = `model ${name}`;
  return [
    {
      part,
      awaits: 'the end of a run, which its timeout should have brought',
      isOwed: healthy > 0 && owed > 0,
      done: returned,
      patienceMs: 2 * runTimeoutMs + RUN_GRACE_MS,
    },
    {
      part,
      awaits: `a run that ends by itself: ${timedOutInARow} in a row did not`,
      isOwed: timedOutInARow >= HOPELESS_TIMEOUTS,
      done: results,
      patienceMs: 0,
    },
    {
      part,
      awaits: 'a session that is opened anew',
      isOwed: healthy === 0,
      done: failures,
      patienceMs: OPENING_PATIENCE_MS,
    },
    {
      // A model that never gave a result would not do so after a restart either.
      part,
      awaits: 'a result, as it gave them before its runs began to fail',
      isOwed: failedInARow > 0 && results > 0,
      done: results,
      patienceMs: FAILING_PATIENCE_MS,
    },
  ];
}

export function storeDuties({ owed, answered, isLost }: StoreProgress): Duty[] {
  const part = 'store';
  return [
    {
      part,
      awaits: 'an answer of the disk',
      isOwed: owed > 0,
      done: answered,
      patienceMs: COMMIT_PATIENCE_MS,
    },
    { part, awaits: 'its thread, which died', isOwed: isLost, done: 0, patienceMs: 0 },
  ];
}
