import type { Clock } from '../base/clock.ts';
import type { Histogram } from '../base/histogram.ts';
import type { Logger } from '../base/log.ts';
import type { CameraConfig } from '../config/camera-schema.ts';
import type { CameraEdit } from '../config/edit-camera.ts';
import type { LoadedConfig } from '../config/load.ts';
import type { CameraState } from '../flow/camera-state.ts';
import type { EventHistory } from '../flow/event-query.ts';
import type { PictureSize } from '../flow/frame.ts';
import type { SizePx } from '../flow/geometry.ts';
import type { HardwareReport } from './api/hardware-schema.ts';
import type { LiveFeed } from './live/live-feed.ts';

// What the preview needs of the rest of the program; src/app implements it.

/** Objects present now, by label, and by zone and label. */
export interface PresentObjects {
  readonly byLabel: Readonly<Record<string, number>>;
  readonly byZone: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

/** The median and the 95th percentile of recent durations, ms. */
export interface RecentMs {
  readonly p50: number;
  readonly p95: number;
}

/** One camera as it is now. Getters are cheap: they read what the pipeline keeps anyway. */
export interface PreviewCamera {
  readonly cameraId: string;
  /** In force: edits of zones, lines, masks and thresholds are in it at once. */
  readonly config: CameraConfig;
  readonly state: CameraState;
  /** Switched on, by configuration or by command. */
  readonly enabled: boolean;
  readonly detecting: boolean;
  /** What holds its detection back; null while nothing does. */
  readonly limit: DetectionLimit | null;
  readonly moving: boolean;
  /** Size of the camera's own picture; null before the first. */
  readonly pictureSizePx: SizePx | null;
  readonly present: PresentObjects;
  readonly capturedPerS: number;
  readonly inferredPerS: number;
  /** Frames by what became of them. */
  readonly frames: Readonly<Record<string, number>>;
  /** Pictures lost before they became frames, by reason. */
  readonly captureDrops: Readonly<Record<string, number>>;
  /** Connections lost or not made, by cause. */
  readonly losses: Readonly<Record<string, number>>;
  /** By stage, since the start, ms. */
  readonly histograms: ReadonlyMap<string, Histogram>;
  readonly live: LiveFeed;
  /** By stage; a stage that has not run is left out. */
  latencies(): Readonly<Record<string, RecentMs>>;
  /** The next frame as JPEG; at detection size where that of the camera cannot be had. @throws OcellusError `deadline_exceeded` */
  snapshot(size: PictureSize): Promise<Buffer>;
}

/** A part of the program: a model, the store, the broker's connection. */
export interface PartState {
  readonly part: string;
  /** It does its work. */
  readonly ready: boolean;
  /** It will not come back by itself: only a restart helps. */
  readonly dead: boolean;
  /** What is wrong; null when nothing is. */
  readonly detail: string | null;
}

/** Whether and why less is inferred than is wanted. */
export interface GovernorReport {
  readonly enabled: boolean;
  readonly level: number;
  readonly reasons: readonly string[];
  readonly grantedPercent: number;
  readonly temperatureC: number | null;
  readonly headroomC: number | null;
  readonly memorySomePercent: number | null;
  readonly memoryFullPercent: number | null;
  readonly memoryUsedPercent: number | null;
  readonly savesMemory: boolean;
}

/** Of one camera. */
export interface DetectionLimit {
  /** Most frames per second that are inferred; null: as many as it wants. */
  readonly fps: number | null;
  /** Name of the model that infers them. */
  readonly model: string;
  readonly reasons: readonly string[];
}

/** Of a model's TensorRT engine, as far as metrics tell it. */
export interface EngineReport {
  readonly state: string;
  /** 0 to 1; null when nothing is being built, or no earlier build tells. */
  readonly progress: number | null;
  readonly etaMs: number | null;
  readonly attempts: number;
}

/** The device and what runs on it, as it is now. */
export interface DeviceReport extends HardwareReport {
  readonly uptimeMs: number;
  readonly models: readonly Readonly<Record<string, unknown>>[];
  readonly store: {
    readonly ok: boolean;
    readonly error: string | null;
    readonly unsaved: number;
    readonly lost: number;
    readonly outbox: {
      readonly queued: number;
      readonly oldestAgeMs: number | null;
      readonly dropped: number;
    };
  };
  readonly mqtt: { readonly state: 'off' | 'connected' | 'disconnected' };
  readonly host: {
    /** Of the whole machine, all processors together. */
    readonly loadPerCpu: number;
    /** Of the whole machine, all processors together, 0 to 100; null before the second sample. */
    readonly busyPercent: number | null;
    /** Of this process, of one processor. */
    readonly cpuPercent: number;
    readonly memoryBytes: number;
    readonly freeMemoryBytes: number;
    readonly totalMemoryBytes: number;
    /** Of the hottest sensor, where there is one. */
    readonly temperatureC: number | null;
  };
  readonly governor: GovernorReport;
  readonly storage: { readonly freeBytes: number | null; readonly diskFull: boolean };
  /** What came of the last reload of the configuration; null: there was none since the start. */
  readonly reload: {
    readonly atMs: number;
    readonly outcome: 'unchanged' | 'applied' | 'partly' | 'refused';
    readonly changed: readonly string[];
    readonly restartNeeded: readonly string[];
    readonly failures: readonly { readonly part: string; readonly message: string }[];
  } | null;
}

/** What came of an edit. */
export type EditOutcome =
  /** `restartNeeded`: the file says something that the running program cannot take over. */
  | { readonly kind: 'done'; readonly revision: string; readonly restartNeeded: boolean }
  /** The file is no longer the revision that the edit started from. */
  | { readonly kind: 'stale' }
  /** There is no such revision to go back to. */
  | { readonly kind: 'unknown' };

/** Changes the configuration in its file and in force. Throws OcellusError `config_invalid` with every issue, `data_invalid`, `io_failed`. */
export interface ConfigEditor {
  /** Of the file as it is now. */
  revision(): Promise<string>;
  /** Kept ones, newest first; `atMs` is when each was kept, ms since the epoch. */
  revisions(): Promise<readonly { readonly revision: string; readonly atMs: number }[]>;
  /** @param expected revision that the edit starts from */
  editCamera(cameraId: string, expected: string, edit: CameraEdit): Promise<EditOutcome>;
  restore(revision: string, expected: string): Promise<EditOutcome>;
}

export interface PreviewParts extends LoadedConfig {
  readonly clock: Clock;
  /** Uniform in [0, 1). Not for secrets. */
  readonly random: () => number;
  readonly log: Logger;
  readonly cameras: ReadonlyMap<string, PreviewCamera>;
  readonly events: EventHistory;
  readonly editor: ConfigEditor;
  readonly device: () => Promise<DeviceReport>;
  readonly partStates: () => readonly PartState[];
  /** Memory is short: nobody else may watch live. */
  readonly savesMemory: () => boolean;
}
