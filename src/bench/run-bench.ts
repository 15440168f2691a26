import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { OcellusError } from '../base/errors.ts';
import { type MachineRecord, machineRecord } from '../device/machine-record.ts';
import { type BudgetLine, budgetLines } from './budgets.ts';
import type { CameraLoad, CameraLoadResult } from './camera-load.ts';
import { type EventDeliveryResult, measureEventDelivery } from './event-delivery.ts';
import { type GrowthResult, measureGrowth } from './growth.ts';
import { measurePreview, type PreviewCost } from './preview-cost.ts';
import { writeSceneClip } from './scene-clip.ts';

export interface BenchOptions {
  /** Path to an `.onnx`, or a manifest id. */
  readonly model: string;
  /** Length of each measurement, s. */
  readonly seconds: number;
  readonly hours: number;
  readonly onProgress: (what: string) => void;
}

export interface BenchResult {
  readonly machine: MachineRecord;
  readonly budgets: readonly BudgetLine[];
  readonly oneCamera: CameraLoadResult;
  readonly manyCameras: CameraLoadResult;
  readonly growth: GrowthResult;
  readonly delivery: EventDeliveryResult;
  readonly preview: PreviewCost;
}

const ONE_CAMERA_FPS = 10;
/**
 * V8 optimizes a function after thousands of calls, and most of the pipeline is called once a frame: until about this many the
 * same work costs a third more. A daemon is there after half an hour at 10 fps, and runs for months.
 */
const WARM_UP_FRAMES = 20_000;
/** Enough for stalls and memory, which are what the many are measured for. */
const MANY_WARM_UP_FRAMES = 4_000;
const CAMERA_FPS = 25;
/** A day without a broker. */
const WAITING_EVENTS = 100_000;
const MANY = { cameras: 8, fps: 5 };

/** Measures this machine against the design's budgets. @throws OcellusError `tool_missing`, `internal` */
export async function runBench(options: BenchOptions): Promise<BenchResult> {
  const { model, seconds, hours, onProgress } = options;
  const folder = await mkdtemp(join(tmpdir(), 'ocellus-bench-'));
  try {
    const clip = join(folder, 'street.mp4');
    onProgress('drawing a clip of the simulated street');
    await writeSceneClip(clip);
    onProgress(`1 camera at ${ONE_CAMERA_FPS} fps, ${seconds} s`);
    const oneCamera = await measure({
      clip,
      model,
      seconds,
      cameras: 1,
      fps: ONE_CAMERA_FPS,
      warmUpFrames: WARM_UP_FRAMES,
    });
    onProgress(`${MANY.cameras} cameras at ${MANY.fps} fps, ${seconds} s`);
    const manyCameras = await measure({ clip, model, seconds, ...MANY, warmUpFrames: MANY_WARM_UP_FRAMES });
    onProgress(`${hours} h of detections through tracking and events`);
    const growth = measureGrowth(hours);
    onProgress(`${WAITING_EVENTS} events to the disk and to a broker`);
    const delivery = await measureEventDelivery(WAITING_EVENTS);
    const preview = await previewCost(options, folder);
    const measured = { oneCamera, manyCameras, growth, delivery, preview };
    const budgets = budgetLines({ ...measured, manyCount: MANY.cameras });
    return { machine: await machineRecord(), budgets, ...measured };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Of a camera at 25 fps, looked at as often as one camera is above. */
async function previewCost(options: BenchOptions, folder: string): Promise<PreviewCost> {
  const { model, seconds, onProgress } = options;
  const clip = join(folder, 'street-h264.mp4');
  await writeSceneClip(clip, CAMERA_FPS, 'h264');
  const storage = join(folder, 'preview');
  return measurePreview({ clip, model, folder: storage, fps: ONE_CAMERA_FPS, seconds, onProgress });
}

/** A process of its own for every load: memory and threads of one must not show in another. */
async function measure(load: CameraLoad): Promise<CameraLoadResult> {
  const child = fork(fileURLToPath(new URL('./camera-load-process.js', import.meta.url)), {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const closed = once(child, 'close').then(([status]) => {
    throw new OcellusError('internal', `the measuring process ended with status ${status} and no result`);
  });
  child.send(load);
  const result = once(child, 'message').then(([message]) => message as CameraLoadResult);
  try {
    return await Promise.race([result, closed]);
  } finally {
    closed.catch(() => {});
  }
}
