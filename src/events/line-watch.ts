import type { LineConfig } from '../config/camera-schema.ts';
import { anchorPx } from './area.ts';
import type { Sighting } from './sighting.ts';

/** An anchor must be this share of the box's height off the line, at least MIN_MARGIN_PX, to count as on one side. */
const MARGIN_OF_HEIGHT = 0.04;
const MIN_MARGIN_PX = 2;

export type LineDirection = 'forward' | 'backward';

/**
 * One object and one line. A pass is one move from firmly on one side to firmly on the other whose way leads between the
 * line's ends; to and fro within the margin is no pass.
 */
export class LineWatch {
  readonly #line: LineConfig;
  /** -1: firmly on the left of somebody who looks from `from` to `to`; 1: on the right; 0: not known yet. */
  #side: -1 | 0 | 1 = 0;
  #last: { offset: number; along: number } | undefined;
  /** Whether the last change of sign lay between the line's ends. */
  #between = false;

  constructor(line: LineConfig) {
    this.#line = line;
  }

  /** The object was seen. @returns the direction of a pass that this completes */
  see({ boxPx, frame: { source } }: Sighting): LineDirection | undefined {
    const ax = this.#line.from[0] * source.widthPx;
    const ay = this.#line.from[1] * source.heightPx;
    const dx = this.#line.to[0] * source.widthPx - ax;
    const dy = this.#line.to[1] * source.heightPx - ay;
    const length = Math.hypot(dx, dy);
    if (length === 0) return undefined;
    const [x, y] = anchorPx(boxPx);
    // y points down, so the cross product is positive on the right of the direction of view.
    const offset = (dx * (y - ay) - dy * (x - ax)) / length;
    const along = (dx * (x - ax) + dy * (y - ay)) / (length * length);
    const last = this.#last;
    this.#last = { offset, along };
    if (last !== undefined && last.offset < 0 !== offset < 0) {
      const at = last.along + ((along - last.along) * last.offset) / (last.offset - offset);
      this.#between = at >= 0 && at <= 1;
    }
    const margin = Math.max(MIN_MARGIN_PX, MARGIN_OF_HEIGHT * (boxPx[3] - boxPx[1]));
    if (Math.abs(offset) <= margin) return undefined;
    const side = offset > 0 ? 1 : -1;
    const before = this.#side;
    this.#side = side;
    if (before === 0 || before === side || !this.#between) return undefined;
    return side === 1 ? 'forward' : 'backward';
  }
}
