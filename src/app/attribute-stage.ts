import type { CameraConfig } from '../config/camera-schema.ts';
import { AttributeVotes } from '../events/attribute-votes.ts';
import { cropQuality } from '../events/look-budget.ts';
import type { SeenObject } from '../events/subject.ts';
import type { Attributes } from '../flow/domain-event.ts';
import type { Frame } from '../flow/frame.ts';
import type { ClassifierRuntime } from './classifier-runtime.ts';

export interface AttributeStageParts {
  readonly cameraId: string;
  readonly classify: CameraConfig['classify'];
  /** Every classifier that `classify` names. */
  readonly classifiers: ReadonlyMap<string, ClassifierRuntime>;
  /** Hears all attributes of an object whenever one has new votes. */
  readonly told: (objectId: string, attributes: Attributes) => void;
}

/** One camera's second models: believed objects -> crops -> votes -> attributes. */
export class AttributeStage {
  readonly #parts: AttributeStageParts;
  /** By object and attribute. */
  readonly #votes = new Map<string, Map<string, AttributeVotes>>();

  constructor(parts: AttributeStageParts) {
    this.#parts = parts;
  }

  /** Looks at the objects of one frame that are worth it; pixels are copied before this returns. */
  look(frame: Frame, seen: readonly SeenObject[]): void {
    for (const [attribute, { model, objects }] of Object.entries(this.#parts.classify)) {
      const classifier = this.#parts.classifiers.get(model);
      if (classifier === undefined) continue;
      for (const object of seen) {
        if (objects.includes(object.label)) this.#lookAt(frame, object, attribute, classifier);
      }
    }
  }

  /** Objects that are gone need no votes. */
  forget(objectId: string): void {
    this.#votes.delete(objectId);
  }

  #lookAt(
    frame: Frame,
    { objectId, boxPx }: SeenObject,
    attribute: string,
    classifier: ClassifierRuntime,
  ): void {
    const { cameraId } = this.#parts;
    const votes = this.#votesFor(objectId, attribute, classifier);
    const quality = cropQuality(boxPx, frame.source, frame);
    const monoMs = frame.times.captureMonoMs;
    if (!votes.wants(quality, monoMs)) return;
    votes.looking(monoMs);
    const key = `${cameraId}/${objectId}/${attribute}`;
    classifier.queue.offer(key, frame, boxPx, {
      done: (probabilities) => {
        votes.add(probabilities, quality);
        if (this.#votes.has(objectId)) this.#tell(objectId);
      },
      dropped: () => votes.notLooked(),
    });
  }

  #votesFor(objectId: string, attribute: string, { model, minScore }: ClassifierRuntime): AttributeVotes {
    const ofObject = this.#votes.get(objectId) ?? new Map<string, AttributeVotes>();
    this.#votes.set(objectId, ofObject);
    const votes = ofObject.get(attribute) ?? new AttributeVotes(model.labels, minScore);
    ofObject.set(attribute, votes);
    return votes;
  }

  #tell(objectId: string): void {
    const attributes: Attributes = {};
    for (const [attribute, votes] of this.#votes.get(objectId) ?? []) {
      const { result } = votes;
      if (result !== undefined) attributes[attribute] = result;
    }
    this.#parts.told(objectId, attributes);
  }
}
