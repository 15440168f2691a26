import { version } from '../base/version.ts';
import type { HostMetrics } from '../device/host/host-metrics.ts';
import type { StoreStatus } from '../store/event-store.ts';
import type { CameraPipeline } from './camera-pipeline.ts';
import type { GovernorStatus } from './governor-service.ts';
import { hardwareSummary } from './hardware-report.ts';
import type { ModelSet } from './model-runtimes.ts';
import type { ReloadReport } from './reload-report.ts';

export interface DeviceFacts {
  readonly uptimeMs: number;
  readonly models: ModelSet;
  readonly cameras: ReadonlyMap<string, CameraPipeline>;
  readonly store: StoreStatus;
  /** Of the configuration, since the start; null: there was none. */
  readonly reload: ReloadReport | null;
  /** The newest sample of the sensors. */
  readonly host: HostMetrics | null;
  readonly governor: GovernorStatus;
}

/** Payload of the retained topic `state`. */
export function deviceReport({
  uptimeMs,
  models,
  cameras,
  store,
  reload,
  host,
  governor,
}: DeviceFacts): Record<string, unknown> {
  return {
    version,
    uptimeS: Math.round(uptimeMs / 1000),
    models: inUse(models.detectors),
    classifiers: inUse(models.classifiers),
    reid: inUse(models.reid),
    cameras: Object.fromEntries(
      [...cameras].map(([cameraId, pipeline]) => [cameraId, cameraReport(pipeline)]),
    ),
    store,
    reload,
    host: hardwareSummary(host),
    governor,
  };
}

function inUse(runtimes: ReadonlyMap<string, { inUse(): unknown }>): Record<string, unknown> {
  return Object.fromEntries([...runtimes].map(([name, runtime]) => [name, runtime.inUse()]));
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
