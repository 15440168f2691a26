import type { Clock } from '../base/clock.ts';
import type { ServiceStack } from '../base/service.ts';
import type { CameraConfig } from '../config/camera-schema.ts';
import type { CameraBuilder, CameraViews } from './build-camera.ts';
import type { CameraPipeline } from './camera-pipeline.ts';
import { LivePictures } from './live-pictures.ts';
import type { ModelSet } from './model-runtimes.ts';
import { LiveCamera } from './preview-camera.ts';

const CLOSE_DEADLINE_MS = 5_000;

/** A camera, whichever pipeline runs for it now. */
export interface CameraPlace extends CameraViews {
  readonly cameraId: string;
  readonly pipeline: CameraPipeline;
}

/** A camera that is built and not in use. */
export type BuiltCamera = CameraPlace;

export interface CameraSetParts {
  readonly builder: CameraBuilder;
  /** Sets a camera as it was told in earlier runs; before it starts. */
  readonly restore: (cameraId: string) => void;
  /** Why detection is held back, where it is. */
  readonly limitReasons: () => readonly string[];
  readonly clock: Clock;
}

/** The cameras that run. They come and go one by one; none notices what becomes of another. */
export class CameraSet {
  readonly pipelines = new Map<string, CameraPipeline>();
  /** For the preview. */
  readonly views = new Map<string, LiveCamera>();
  readonly #places = new Map<string, { -readonly [K in keyof CameraPlace]: CameraPlace[K] }>();
  readonly #parts: CameraSetParts;
  #stack: ServiceStack | undefined;

  constructor(parts: CameraSetParts) {
    this.#parts = parts;
  }

  /** Builds a camera, or another pipeline for one that is there. @throws OcellusError as `CameraBuilder.build` */
  build(cameraId: string, config: CameraConfig, models: ModelSet): BuiltCamera {
    const { builder, clock } = this.#parts;
    const { pictures, media } = this.#places.get(cameraId) ?? {
      pictures: new LivePictures(clock),
      media: undefined,
    };
    return { cameraId, pictures, ...builder.build(cameraId, config, models, { pictures, media }) };
  }

  /** Takes a camera in, in the place of the one of that name; it is not started. */
  put(built: BuiltCamera): void {
    const { cameraId, pipeline, media } = built;
    const place = this.#places.get(cameraId);
    if (place === undefined) {
      const fresh = { ...built };
      this.#places.set(cameraId, fresh);
      const { limitReasons, clock } = this.#parts;
      this.views.set(cameraId, new LiveCamera(fresh, limitReasons, clock));
    } else {
      if (place.media !== media) place.media?.unusable('preview.mse is off for this camera');
      place.pipeline = pipeline;
      place.media = media;
    }
    this.pipelines.set(cameraId, pipeline);
  }

  /** Starts all. @param stack where they live */
  async start(stack: ServiceStack, signal: AbortSignal): Promise<void> {
    this.#stack = stack;
    for (const cameraId of [...this.pipelines.keys()]) await this.#startOne(cameraId, signal);
  }

  /** Takes a camera in and starts it. */
  async add(built: BuiltCamera, signal: AbortSignal): Promise<void> {
    this.put(built);
    await this.#startOne(built.cameraId, signal);
  }

  /**
   * Ends a camera and starts what was built in its place. Its objects end as if it were lost, but for those at rest, which
   * go on, and those that the new rules do not report.
   */
  async restart(built: BuiltCamera, signal: AbortSignal): Promise<void> {
    const { cameraId, pipeline: next } = built;
    const before = this.pipelines.get(cameraId);
    if (before !== undefined) {
      const { objects, zones, lines } = next.config;
      before.apply({ ...before.config, objects, zones, lines });
      const close = (deadlineMs: number) => before.close(deadlineMs, 'camera_lost');
      await this.#stack?.stop(before, CLOSE_DEADLINE_MS, close);
    }
    await this.add(built, signal);
  }

  /** Has a camera go by other rules. */
  adapt(cameraId: string, config: CameraConfig): void {
    this.pipelines.get(cameraId)?.apply(config);
  }

  /** Ends a camera for good. */
  async remove(cameraId: string): Promise<void> {
    const place = this.#places.get(cameraId);
    if (place === undefined) return;
    const { pipeline } = place;
    await this.#stack?.stop(pipeline, CLOSE_DEADLINE_MS, (deadlineMs) => pipeline.retire(deadlineMs));
    this.#places.delete(cameraId);
    this.pipelines.delete(cameraId);
    this.views.delete(cameraId);
    place.media?.unusable('the camera was removed');
  }

  /** States everything that is retained again, for a broker that has none of it. */
  restate(): void {
    for (const pipeline of this.pipelines.values()) pipeline.restate();
  }

  async #startOne(cameraId: string, signal: AbortSignal): Promise<void> {
    const pipeline = this.pipelines.get(cameraId);
    if (pipeline === undefined || signal.aborted) return;
    this.#parts.restore(cameraId);
    await this.#stack?.start(pipeline, signal);
  }
}
