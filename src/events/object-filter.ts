import type { CameraConfig, ObjectConfig } from '../config/camera-schema.ts';
import type { BoxPx, SizePx } from '../flow/geometry.ts';
import { anchorPx, depthPx } from './area.ts';
import { Schedule } from './schedule.ts';
import type { FrameFacts } from './sighting.ts';

/** What the operator says of one label. Decides what may be believed; it does not end what is believed already. */
class ObjectFilter {
  readonly minScore: number;
  readonly minSpeed: number;
  readonly #config: ObjectConfig | undefined;
  readonly #schedule: Schedule | undefined;

  constructor(minScore: number, config: ObjectConfig | undefined) {
    this.minScore = config?.minScore ?? minScore;
    this.minSpeed = config?.minSpeed ?? 0;
    this.#config = config;
    if (config?.schedule !== undefined) this.#schedule = new Schedule(config.schedule);
  }

  /** @param atMs ms since the epoch */
  isOpen(atMs: number): boolean {
    return this.#schedule?.isOpen(atMs) ?? true;
  }

  /** True when the box is of a size and shape, and at a place, that counts. */
  fits(boxPx: BoxPx, source: SizePx): boolean {
    if (this.#config === undefined) return true;
    const { minArea, maxArea, minAspect, maxAspect, masks } = this.#config;
    const width = boxPx[2] - boxPx[0];
    const height = boxPx[3] - boxPx[1];
    const area = (width * height) / (source.widthPx * source.heightPx);
    const aspect = width / height;
    return (
      area >= minArea &&
      // A box may reach beyond the picture, where no share of 1 is too large.
      (area <= maxArea || maxArea === 1) &&
      aspect >= minAspect &&
      aspect <= maxAspect &&
      !masks.some((mask) => depthPx(anchorPx(boxPx), mask, source) > 0)
    );
  }
}

/** The filters of one camera, by label. */
export class ObjectFilters {
  #objects: CameraConfig['objects'];
  readonly #minScore: number;
  readonly #filters = new Map<string, ObjectFilter>();

  /** @param minScore of labels without one of their own, 0..1 */
  constructor(objects: CameraConfig['objects'], minScore: number) {
    this.#objects = objects;
    this.#minScore = minScore;
  }

  /** Goes by other filters from now on. */
  apply(objects: CameraConfig['objects']): void {
    this.#objects = objects;
    this.#filters.clear();
  }

  /** True when the label is reported at all: it is asked for, or none is. */
  reports(label: string): boolean {
    return Object.hasOwn(this.#objects, label) || Object.keys(this.#objects).length === 0;
  }

  of(label: string): ObjectFilter {
    let filter = this.#filters.get(label);
    if (filter === undefined) {
      filter = new ObjectFilter(
        this.#minScore,
        Object.hasOwn(this.#objects, label) ? this.#objects[label] : undefined,
      );
      this.#filters.set(label, filter);
    }
    return filter;
  }

  /** True when a box of `label` speaks for something that is not believed yet. */
  admits(label: string, boxPx: BoxPx, { source, times }: FrameFacts): boolean {
    const filter = this.of(label);
    return filter.fits(boxPx, source) && filter.isOpen(times.captureAtMs);
  }
}
