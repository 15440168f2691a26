import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/log.ts';
import type { FrameSource } from '../capture/frame-source.ts';
import type { CameraConfig } from '../config/camera-schema.ts';
import type { SceneMemoryStore } from '../flow/scene-memory.ts';
import type { InferenceScheduler } from '../infer/scheduler.ts';
import type { ClipRecorder } from '../store/media/clip-recorder.ts';
import type { SnapshotFiles } from '../store/media/snapshot-files.ts';
import type { CameraStills } from './camera-stills.ts';
import type { ClassifierRuntime } from './classifier-runtime.ts';
import type { NamedScheduler } from './inference-lane.ts';
import type { LivePictures } from './live-pictures.ts';
import type { PipelineOutlet } from './pipeline-outlet.ts';
import type { ReidRuntime } from './reid-runtime.ts';

/** What a camera's pipeline is made of. */
export interface CameraPipelineParts {
  readonly cameraId: string;
  readonly config: CameraConfig;
  readonly source: FrameSource;
  readonly scheduler: InferenceScheduler;
  /** The model that takes the place of its own when lower rates alone do not suffice. */
  readonly smaller?: NamedScheduler | undefined;
  /** Detections at or above may start a track; weaker ones only continue one. */
  readonly minScore: number;
  /** Every classifier that the camera names. */
  readonly classifiers: ReadonlyMap<string, ClassifierRuntime>;
  /** The re-identification that the camera names, if any. */
  readonly reid?: ReidRuntime | undefined;
  readonly outlet: PipelineOutlet;
  readonly newObjectId: (atMs: number) => string;
  /** Absent: stationary objects end with the daemon. */
  readonly sceneStore?: SceneMemoryStore | undefined;
  readonly random: () => number;
  readonly clock: Clock;
  readonly log: Logger;
  /** Records clips of the objects; absent: nothing is recorded. */
  readonly recorder?: ClipRecorder | undefined;
  /** Pictures at the size of the camera; absent: best views have that of detection. */
  readonly stills?: CameraStills | undefined;
  /** Keeps best views; absent: they are published only. */
  readonly snapshotFiles?: SnapshotFiles | undefined;
  /** For those who watch; absent: nobody can. */
  readonly live?: LivePictures;
}
