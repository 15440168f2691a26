import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/log.ts';
import type { Turns } from '../base/turns.ts';
import type { FrameSource } from '../capture/frame-source.ts';
import type { CameraConfig } from '../config/camera-schema.ts';
import type { MediaSink } from '../flow/media.ts';
import { ClipRecorder, preRollKeepMs } from '../store/media/clip-recorder.ts';
import { PreRoll } from '../store/media/pre-roll.ts';
import { SnapshotFiles } from '../store/media/snapshot-files.ts';
import { CameraStills, STILL_KEEP_MS } from './camera-stills.ts';
import { LiveMedia } from './live-media.ts';
import { mediaFanout } from './media-fanout.ts';

const MIB = 1024 * 1024;

export interface CameraMediaParts {
  /** Storage folder. */
  readonly folder: string;
  readonly hasRoom: () => boolean;
  /** Somebody may watch: the page and the API are served. */
  readonly served: boolean;
  /** False while memory is short. */
  readonly hasMemory: () => boolean;
  /** Of the stills of all cameras. */
  readonly turns: Turns;
  readonly clock: Clock;
  readonly log: Logger;
}

/** What becomes of one camera's pictures beside detection: clips and best views. */
export interface CameraMedia {
  /** Takes the camera's own video; absent: nobody needs it, and it is not to be copied. */
  readonly sink: MediaSink | undefined;
  readonly recorder: ClipRecorder | undefined;
  /** For those who watch it; absent: nobody may. */
  readonly live: LiveMedia | undefined;
  readonly snapshotFiles: SnapshotFiles | undefined;
  readonly stills: (source: FrameSource) => CameraStills | undefined;
}

/** @param before what those who watch hold already, from the pipeline before */
export function cameraMedia(
  cameraId: string,
  config: CameraConfig,
  parts: CameraMediaParts,
  before?: LiveMedia,
): CameraMedia {
  const { record, snapshots, capture, preview } = config;
  const { folder, hasRoom, served, log } = parts;
  const takesStills = snapshots.fullSize && (snapshots.enabled || record.enabled);
  const keepMs = Math.max(record.enabled ? preRollKeepMs(record) : 0, takesStills ? STILL_KEEP_MS : 0);
  // One ring serves both: what is said of recording's is said of this.
  const ring = new PreRoll(keepMs, (record.enabled ? record.bufferMiB : snapshots.bufferMiB) * MIB);
  const recorder = record.enabled
    ? new ClipRecorder({ cameraId, config: record, folder, preRoll: ring, hasRoom, log })
    : undefined;
  const live = served && preview.mse ? (before ?? new LiveMedia()) : undefined;
  const sinks = [takesStills || recorder ? ring : undefined, recorder, live].filter(
    (sink) => sink !== undefined,
  );
  return {
    sink: sinks.length > 0 ? mediaFanout(sinks) : undefined,
    recorder,
    live,
    snapshotFiles: snapshots.enabled ? new SnapshotFiles({ cameraId, folder, hasRoom, log }) : undefined,
    stills: (source) =>
      takesStills
        ? new CameraStills({ ...parts, cameraId, source, program: capture.ffmpeg, ring })
        : undefined,
  };
}
