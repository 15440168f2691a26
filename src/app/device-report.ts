import { version } from '../base/version.ts';
import type { StoreStatus } from '../store/event-store.ts';
import type { CameraPipeline } from './camera-pipeline.ts';
import type { CropRuntime } from './crop-runtime.ts';
import type { GovernorStatus } from './governor-service.ts';
import type { ModelRuntime } from './model-runtime.ts';

export interface DeviceFacts {
  readonly uptimeMs: number;
  readonly models: ReadonlyMap<string, ModelRuntime>;
  readonly classifiers: ReadonlyMap<string, CropRuntime>;
  readonly reid: ReadonlyMap<string, CropRuntime>;
  readonly cameras: ReadonlyMap<string, CameraPipeline>;
  readonly store: StoreStatus;
  readonly governor: GovernorStatus;
}

/** Payload of the retained topic `state`. */
export function deviceReport({
  uptimeMs,
  models,
  classifiers,
  reid,
  cameras,
  store,
  governor,
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
    governor,
  };
}

/** What holds detection back; null while nothing does. */
function limitReport({ inference: { grant } }: CameraPipeline): Record<string, unknown> | null {
  if (grant === null) return null;
  return { fps: grant.fps === null ? null : Math.round(grant.fps * 100) / 100, model: grant.model };
}

function cameraReport(pipeline: CameraPipeline): Record<string, unknown> {
  const { stats, state } = pipeline;
  const ms = (value: number) => (Number.isNaN(value) ? null : Math.round(value * 100) / 100);
  return {
    state: state.state,
    cause: state.cause,
    detecting: pipeline.detecting,
    detectFps: pipeline.inference.fps,
    limit: limitReport(pipeline),
    captureFps: Math.round(pipeline.captureFps * 10) / 10,
    frames: stats.frames.snapshot(),
    lostBeforeFrames: pipeline.captureDrops,
    reconnects: pipeline.losses,
    views: pipeline.views,
    runP50Ms: ms(stats.quantileMs('run', 0.5)),
    decodedToEventP95Ms: ms(stats.quantileMs('decoded_to_event', 0.95)),
  };
}
