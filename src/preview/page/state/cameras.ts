import { signal } from '@preact/signals';
import type { Camera } from '../server/contract.ts';
import { requestJson } from '../server/request.ts';
import { sleep } from '../server/sleep.ts';
import { History } from './history.ts';

/** The cameras that the user may see; undefined until the device has told. */
export const cameras = signal<readonly Camera[] | undefined>(undefined);

export interface CameraHistory {
  readonly captured: History;
  readonly inferred: History;
  readonly dropped: History;
}

const POLL_MS = 2_000;
/** Two minutes of samples. */
const SAMPLES = 60;
const histories = new Map<string, CameraHistory>();
const droppedBefore = new Map<string, number>();

/** The last two minutes of a camera, one sample every two seconds. */
export function historyOf(cameraId: string): CameraHistory {
  let history = histories.get(cameraId);
  if (history === undefined) {
    history = {
      captured: new History(SAMPLES),
      inferred: new History(SAMPLES),
      dropped: new History(SAMPLES),
    };
    histories.set(cameraId, history);
  }
  return history;
}

/** Asks now, and not at the next turn. */
export async function refreshCameras(abort?: AbortSignal): Promise<void> {
  const body = await requestJson<{ cameras: readonly Camera[] }>(
    '/api/cameras',
    abort === undefined ? {} : { signal: abort },
  );
  for (const camera of body.cameras) sample(camera);
  cameras.value = body.cameras;
}

/** Keeps the cameras current until `abort` aborts; a page that nobody sees asks for nothing. */
export async function pollCameras(abort: AbortSignal): Promise<void> {
  while (!abort.aborted) {
    if (!document.hidden) await refreshCameras(abort).catch(() => {});
    await sleep(POLL_MS, abort).catch(() => {});
  }
}

function sample({ cameraId, rates, drops }: Camera): void {
  const { captured, inferred, dropped } = historyOf(cameraId);
  captured.add(rates.capturedPerS);
  inferred.add(rates.inferredPerS);
  const total = Object.values(drops).reduce((sum, count) => sum + count, 0);
  const before = droppedBefore.get(cameraId) ?? total;
  droppedBefore.set(cameraId, total);
  // A restart begins to count anew.
  dropped.add(Math.max(0, total - before) / (POLL_MS / 1000));
}
