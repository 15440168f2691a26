import { cropQuality } from '../events/look-budget.ts';
import type { Recognisable } from '../events/recognition.ts';
import type { Attributes } from '../flow/domain-event.ts';
import type { Frame } from '../flow/frame.ts';
import type { ReidRuntime } from './reid-runtime.ts';

export interface ReidStageParts {
  readonly cameraId: string;
  /** Absent: the camera has none. */
  readonly runtime: ReidRuntime | undefined;
  /** Attribute that says who of the gallery it is. */
  readonly attribute: string;
  /** Hears who an object is, whenever a look has made it known. */
  readonly told: (objectId: string, attributes: Attributes) => void;
}

/** One camera's re-identification: what the rules want to know again -> crops -> vectors, and names where there is a gallery. */
export class ReidStage {
  readonly #parts: ReidStageParts;

  constructor(parts: ReidStageParts) {
    this.#parts = parts;
  }

  /** Looks at what is worth it in one frame; pixels are copied before this returns. */
  look(frame: Frame, things: readonly Recognisable[]): void {
    const { cameraId, runtime } = this.#parts;
    const monoMs = frame.times.captureMonoMs;
    for (const thing of things) {
      const { key, boxPx, looks } = thing;
      const quality = cropQuality(boxPx, frame.source, frame);
      if (!looks.wants(quality, monoMs)) continue;
      looks.looking(monoMs);
      runtime?.queue.offer(`${cameraId}/${key}`, frame, boxPx, {
        done: (vector) => {
          looks.add(vector, quality);
          this.#name(thing);
        },
        dropped: () => looks.notLooked(),
      });
    }
  }

  #name({ objectId, looks }: Recognisable): void {
    const { runtime, attribute, told } = this.#parts;
    const known = looks.isSettled ? runtime?.gallery?.nearest(looks.mean) : undefined;
    if (objectId !== undefined && known !== undefined) told(objectId, { [attribute]: known });
  }
}
