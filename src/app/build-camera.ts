import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/log.ts';
import { Turns } from '../base/turns.ts';
import { createFrameSource } from '../capture/open-source.ts';
import type { CameraConfig } from '../config/camera-schema.ts';
import { i420Bytes } from '../flow/frame.ts';
import { FramePool } from '../flow/frame-pool.ts';
import type { SceneMemoryStore } from '../flow/scene-memory.ts';
import { cameraMedia } from './camera-media.ts';
import { CameraPipeline } from './camera-pipeline.ts';
import { inSection } from './in-section.ts';
import type { LiveMedia } from './live-media.ts';
import type { LivePictures } from './live-pictures.ts';
import type { ModelSet } from './model-runtimes.ts';
import type { PipelineOutlet } from './pipeline-outlet.ts';

/** One frame is being written, one waits, one is inferred, one is spare for the moment of handing over. */
const FRAMES_PER_CAMERA = 4;

export interface CameraBuilderParts {
  /** Storage folder. */
  readonly folder: string;
  readonly baseDir: string;
  readonly hasRoom: () => boolean;
  /** False while memory is short. */
  readonly hasMemory: () => boolean;
  /** Somebody may watch: the page and the API are served. */
  readonly served: boolean;
  readonly outlet: PipelineOutlet;
  readonly newObjectId: (atMs: number) => string;
  readonly sceneStore: SceneMemoryStore;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
}

/** What those who watch a camera hold on to, whichever pipeline runs. */
export interface CameraViews {
  readonly pictures: LivePictures;
  /** The camera's own video; absent: nobody may watch it. */
  readonly media: LiveMedia | undefined;
}

/** Builds cameras; nothing of them runs yet. */
export class CameraBuilder {
  readonly #parts: CameraBuilderParts;
  /** Of the stills of all cameras. */
  readonly #stillTurns = new Turns();

  constructor(parts: CameraBuilderParts) {
    this.#parts = parts;
  }

  /** @param views of the pipeline before @throws OcellusError `config_invalid` when the source cannot be understood */
  build(
    cameraId: string,
    config: CameraConfig,
    models: ModelSet,
    views: CameraViews,
  ): { readonly pipeline: CameraPipeline; readonly media: LiveMedia | undefined } {
    const { clock, baseDir } = this.#parts;
    const { model, scheduler } = models.detectorOf(config);
    const box = {
      widthPx: config.detect.widthPx ?? model.input.widthPx,
      heightPx: config.detect.heightPx ?? model.input.heightPx,
    };
    const media = cameraMedia(cameraId, config, { ...this.#parts, turns: this.#stillTurns }, views.media);
    const source = inSection(`cameras.${cameraId}`, () =>
      createFrameSource({
        cameraId,
        source: config.source,
        capture: config.capture,
        detect: { ...box, fps: config.detect.fps },
        pool: new FramePool(FRAMES_PER_CAMERA, i420Bytes(box.widthPx, box.heightPx)),
        clock,
        baseDir,
        ...(media.sink && { media: media.sink }),
      }),
    );
    const pipeline = new CameraPipeline({
      ...this.#parts,
      cameraId,
      config,
      source,
      scheduler,
      smaller: models.smallerOf(config),
      minScore: model.minScore,
      classifiers: models.classifiersOf(config),
      reid: models.reidOf(config),
      live: views.pictures,
      recorder: media.recorder,
      stills: media.stills(source),
      snapshotFiles: media.snapshotFiles,
    });
    return { pipeline, media: media.live };
  }
}
