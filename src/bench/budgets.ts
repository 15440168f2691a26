import type { CameraLoadResult } from './camera-load.ts';
import type { EventDeliveryResult } from './event-delivery.ts';
import type { GrowthResult } from './growth.ts';
import type { PreviewCost } from './preview-cost.ts';

/** One budget of the design against what was measured. */
export interface BudgetLine {
  readonly id: string;
  readonly what: string;
  readonly measured: number;
  readonly limit: number;
  readonly unit: string;
  readonly met: boolean;
}

export interface Measurements {
  readonly oneCamera: CameraLoadResult;
  readonly manyCameras: CameraLoadResult;
  readonly manyCount: number;
  readonly growth: GrowthResult;
  readonly delivery: EventDeliveryResult;
  readonly preview: PreviewCost;
}

const CPU_SHARE_LIMIT = 10;
const LATENCY_MARGIN_MS = 10;
const STALL_LIMIT_MS = 15;
const MEMORY_LIMIT_MIB = 220;
const MEMORY_PER_CAMERA_LIMIT_MIB = 12;
const FIRST_RESULT_LIMIT_MS = 2_000;
const GROWTH_LIMIT_MIB = 5;
const COMMIT_LIMIT_MS = 5;
const REPLAY_LEAST_PER_S = 5_000;
const REPLAY_MEMORY_LIMIT_MIB = 20;
const MJPEG_LIMIT_PERCENT = 1;
const MSE_LIMIT_PERCENT = 1;
const WEBRTC_LIMIT_PERCENT = 15;
const DETECTION_LOSS_LIMIT_PERCENT = 5;
const VIEWER_GROWTH_LIMIT_MIB = 10;

/** The budgets of docs/reference/budgets.md against the measurements, in its order. */
export function budgetLines({
  oneCamera,
  manyCameras,
  manyCount,
  growth,
  delivery,
  preview,
}: Measurements): BudgetLine[] {
  const share = (100 * oneCamera.otherCpuMsPerFrame) / oneCamera.runCpuMsPerFrame;
  const perCamera = (manyCameras.rssMiB - oneCamera.rssMiB) / (manyCount - 1);
  const line = (id: string, what: string, measured: number, limit: number, unit: string): BudgetLine => ({
    id,
    what,
    measured,
    limit,
    unit,
    met: measured <= limit,
  });
  return [
    line(
      'cpu_outside_run',
      'CPU outside Run and outside the decoder, of the CPU of Run',
      share,
      CPU_SHARE_LIMIT,
      '%',
    ),
    line(
      'frame_to_event',
      'newest frame readable -> event handed over, p95, one camera (limit: Run p50 + 10 ms)',
      oneCamera.frameToEventP95Ms,
      oneCamera.runP50Ms + LATENCY_MARGIN_MS,
      'ms',
    ),
    line(
      'stall',
      `main-thread stall, p99, ${manyCount} cameras`,
      manyCameras.stallP99Ms,
      STALL_LIMIT_MS,
      'ms',
    ),
    line('memory', 'memory, 1 camera', oneCamera.rssMiB, MEMORY_LIMIT_MIB, 'MiB'),
    line('memory_per_camera', 'memory of each further camera', perCamera, MEMORY_PER_CAMERA_LIMIT_MIB, 'MiB'),
    line(
      'first_result',
      'start of the process -> first inferred frame',
      oneCamera.firstResultMs,
      FIRST_RESULT_LIMIT_MS,
      'ms',
    ),
    line(
      'growth_memory',
      `growth of the heap over ${growth.hours} h of work`,
      growth.heapMiB,
      GROWTH_LIMIT_MIB,
      'MiB',
    ),
    line('growth_handles', 'growth of handles', growth.handles, 0, ''),
    line('growth_threads', 'growth of threads', growth.threads, 0, ''),
    line('event_commit', 'event handed over -> on disk, p95', delivery.commitP95Ms, COMMIT_LIMIT_MS, 'ms'),
    {
      id: 'event_replay',
      what: `${delivery.waited} waiting events to a broker${delivery.isInOrder ? '' : ', OUT OF ORDER'} (at least)`,
      measured: delivery.replayedPerS,
      limit: REPLAY_LEAST_PER_S,
      unit: '/s',
      met: delivery.replayedPerS >= REPLAY_LEAST_PER_S && delivery.isInOrder,
    },
    line(
      'replay_memory',
      'growth of memory meanwhile, broker included',
      delivery.memoryGrowthMiB,
      REPLAY_MEMORY_LIMIT_MIB,
      'MiB',
    ),
    ...previewLines(preview, line),
  ];
}

type Line = (id: string, what: string, measured: number, limit: number, unit: string) => BudgetLine;

/** What watching may cost; % of one core. */
function previewLines(preview: PreviewCost, line: Line): BudgetLine[] {
  const further = (transport: 'mjpeg' | 'mse' | 'webrtc', what: string, limit: number) =>
    line(
      `preview_${transport}`,
      `CPU of a further viewer by ${what}`,
      preview[transport].furtherPercent,
      limit,
      '%',
    );
  return [
    further('mjpeg', 'motion JPEG', MJPEG_LIMIT_PERCENT),
    further('mse', "the camera's own video", MSE_LIMIT_PERCENT),
    further('webrtc', 'WebRTC', WEBRTC_LIMIT_PERCENT),
    line(
      'preview_detection',
      'frames that 50 viewers of the encoded video cost',
      preview.detectionLossPercent,
      DETECTION_LOSS_LIMIT_PERCENT,
      '%',
    ),
    line(
      'preview_mse_memory',
      'growth of memory while they watch',
      preview.mseGrowthMiB,
      VIEWER_GROWTH_LIMIT_MIB,
      'MiB',
    ),
    line(
      'preview_whep_memory',
      'growth of memory over 300 WebRTC viewers that come and go',
      preview.whepGrowthMiB,
      VIEWER_GROWTH_LIMIT_MIB,
      'MiB',
    ),
    line('preview_whep_threads', 'growth of threads meanwhile', preview.whepThreads, 0, ''),
  ];
}
