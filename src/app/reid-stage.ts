import { viewQuality } from '../events/attribute-votes.ts';
import type { Recognisable } from '../events/recognition.ts';
import type { Frame } from '../flow/frame.ts';
import type { ReidRuntime } from './reid-runtime.ts';

/** One camera's re-identification: what the rules want to know again -> crops -> vectors. */
export class ReidStage {
  readonly #cameraId: string;
  readonly #queue: ReidRuntime['queue'] | undefined;

  /** @param runtime absent: the camera has none */
  constructor(cameraId: string, runtime: ReidRuntime | undefined) {
    this.#cameraId = cameraId;
    this.#queue = runtime?.queue;
  }

  /** Looks at what is worth it in one frame; pixels are copied before this returns. */
  look(frame: Frame, things: readonly Recognisable[]): void {
    const monoMs = frame.times.captureMonoMs;
    for (const { key, boxPx, looks } of things) {
      const quality = viewQuality(boxPx, frame.source, frame);
      if (!looks.wants(quality, monoMs)) continue;
      looks.looking(monoMs);
      this.#queue?.offer(`${this.#cameraId}/${key}`, frame, boxPx, {
        done: (vector) => looks.add(vector, quality),
        dropped: () => looks.notLooked(),
      });
    }
  }
}
