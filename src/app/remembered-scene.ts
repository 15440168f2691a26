import type { Config } from '../config/schema.ts';
import type { RememberedObject, SceneMemoryStore } from '../flow/scene-memory.ts';

/**
 * The stationary objects of an earlier run as far as they can be taken up again. What was saved says how an object looks;
 * the event store says whether it is still open, and has the last word: one that ended after it was saved is over.
 */
export class RememberedScene implements SceneMemoryStore {
  readonly #files: SceneMemoryStore;
  readonly #cameras: Config['cameras'];
  readonly #taken = new Map<string, RememberedObject[]>();

  constructor(files: SceneMemoryStore, cameras: Config['cameras']) {
    this.#files = files;
    this.#cameras = cameras;
  }

  /**
   * Settles what `load` gives. To be called before the cameras start.
   * @param open ids of objects that have started and not ended
   * @returns those of them that are taken up again
   */
  takeUp(open: ReadonlySet<string>): ReadonlySet<string> {
    for (const [cameraId, { objects }] of Object.entries(this.#cameras)) {
      const labels = Object.keys(objects);
      const taken = this.#files
        .load(cameraId)
        .filter(
          ({ objectId, label }) => open.has(objectId) && (labels.length === 0 || labels.includes(label)),
        );
      this.#taken.set(cameraId, taken);
    }
    return new Set([...this.#taken.values()].flat().map(({ objectId }) => objectId));
  }

  load(cameraId: string): RememberedObject[] {
    return this.#taken.get(cameraId) ?? [];
  }

  save(cameraId: string, objects: readonly RememberedObject[]): boolean {
    const isSaved = this.#files.save(cameraId, objects);
    // A camera that is restarted alone takes up what it left a moment ago.
    if (isSaved) this.#taken.set(cameraId, [...objects]);
    return isSaved;
  }
}
