import { version } from '../base/version.ts';
import type { HostMetrics } from '../device/host/host-metrics.ts';
import type { StoreStatus } from '../store/event-store.ts';
import type { CameraPipeline } from './camera-pipeline.ts';
import type { CropRuntime } from './crop-runtime.ts';
import { hardwareSummary } from './hardware-report.ts';
import type { ModelRuntime } from './model-runtime.ts';

export interface DeviceFacts {
  readonly uptimeMs: number;
  readonly models: ReadonlyMap<string, ModelRuntime>;
  readonly classifiers: ReadonlyMap<string, CropRuntime>;
  readonly reid: ReadonlyMap<string, CropRuntime>;
  readonly cameras: ReadonlyMap<string, CameraPipeline>;
  readonly store: StoreStatus;
  /** The newest sample of the sensors. */
  readonly host: HostMetrics | null;
}

/** Payload of the retained topic `state`. */
export function deviceReport({
  uptimeMs,
  models,
  classifiers,
  reid,
  cameras,
  store,
  host,
}: DeviceFacts): Record<string, unknown> {
  return {
    version,
    uptimeS: Math.round(uptimeMs / 1000),
    models: Object.fromEntries([...models].map(([name, runtime]) => [name, runtime.inUse()])),
    classifiers: Object.fromEntries([...classifiers].map(([name, runtime]) => [name, runtime.inUse()])),
    reid: Object.fromEntries([...reid].map(([name, runtime]) => [name, runtime.inUse()])),
    cameras: Object.fromEntries(
      [...cameras].map(([cameraId, pipeline]) => [cameraId, cameraReport(pipeline)]),
    ),
    store,
    host: hardwareSummary(host),
  };
}

function cameraReport(pipeline: CameraPipeline): Record<string, unknown> {
  const { stats, state } = pipeline;
  const ms = (value: number) => (Number.isNaN(value) ? null : Math.round(value * 100) / 100);
  return {
    state: state.state,
    cause: state.cause,
    detecting: pipeline.detecting,
    captureFps: Math.round(pipeline.captureFps * 10) / 10,
    frames: stats.frames.snapshot(),
    lostBeforeFrames: pipeline.captureDrops,
    reconnects: pipeline.losses,
    views: pipeline.views,
    runP50Ms: ms(stats.quantileMs('run', 0.5)),
    decodedToEventP95Ms: ms(stats.quantileMs('decoded_to_event', 0.95)),
  };
}
