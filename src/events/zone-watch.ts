import type { ZoneConfig } from '../config/camera-schema.ts';
import { anchorPx, depthPx } from './area.ts';
import type { Sighting } from './sighting.ts';

/** Unless set, an anchor must be this share of the box's height beyond the border, at least MIN_MARGIN_PX, to change sides. */
const MARGIN_OF_HEIGHT = 0.04;
const MIN_MARGIN_PX = 2;

export type ZoneChange =
  | { readonly type: 'entered' }
  | { readonly type: 'left' }
  | { readonly type: 'dwelled'; readonly dwellMs: number };

/** How long an object has been in a zone, and whether it was told to have dwelled there. */
export interface ZoneStay {
  readonly stayMs: number;
  readonly dwelled: boolean;
}

/**
 * One object and one zone: whether its anchor is inside, with hysteresis in place and time. Time is that of the sightings:
 * what nobody saw is neither a change nor a stay.
 */
export class ZoneWatch {
  readonly #zone: ZoneConfig;
  #inside = false;
  #enteredMonoMs = 0;
  #dwelled = false;
  /** Something that appears inside has no earlier side to hold on to: no margin then. */
  #cameFromOutside = false;
  /** A stay of an earlier run, until its first sighting in this one: each run has a clock of its own. */
  #resumed: ZoneStay | undefined;
  /** Since when the anchor is firmly on the other side. */
  #changingSinceMonoMs: number | undefined;

  constructor(zone: ZoneConfig) {
    this.#zone = zone;
  }

  get inside(): boolean {
    return this.#inside;
  }

  /** The stay so far, as it outlives the daemon; undefined outside. @param monoMs of the newest sighting */
  stay(monoMs: number): ZoneStay | undefined {
    if (!this.#inside) return undefined;
    if (this.#resumed !== undefined) return this.#resumed;
    return { stayMs: Math.max(0, monoMs - this.#enteredMonoMs), dwelled: this.#dwelled };
  }

  /** Goes on with a stay of an earlier run; the time between the runs, which nobody saw, is no part of it. */
  resume(stay: ZoneStay | undefined): void {
    this.#inside = stay !== undefined;
    this.#dwelled = stay?.dwelled ?? false;
    this.#resumed = stay;
  }

  /** The object was seen. */
  see({ boxPx, frame, monoMs }: Sighting): ZoneChange[] {
    if (this.#resumed !== undefined) this.#enteredMonoMs = monoMs - this.#resumed.stayMs;
    this.#resumed = undefined;
    const { anchor, polygon, marginPx, enterMs, leaveMs } = this.#zone;
    const depth = depthPx(anchorPx(boxPx, anchor), polygon, frame.source);
    const margin = marginPx ?? Math.max(MIN_MARGIN_PX, MARGIN_OF_HEIGHT * (boxPx[3] - boxPx[1]));
    if (depth < -margin) this.#cameFromOutside = true;
    // How far it is over the border, on the side that it is not on yet.
    const beyond = this.#inside ? -depth : depth;
    const needed = this.#inside || this.#cameFromOutside ? margin : 0;
    // What has stepped over has not stepped back while it trembles between the border and the margin.
    const changing = this.#changingSinceMonoMs === undefined ? beyond > needed : beyond > 0;
    if (!changing) {
      this.#changingSinceMonoMs = undefined;
      return this.#dwell(monoMs);
    }
    this.#changingSinceMonoMs ??= monoMs;
    const sinceMonoMs = this.#changingSinceMonoMs;
    if (monoMs - sinceMonoMs < (this.#inside ? leaveMs : enterMs)) return [];
    this.#inside = !this.#inside;
    this.#changingSinceMonoMs = undefined;
    if (!this.#inside) return [{ type: 'left' }];
    this.#dwelled = false;
    this.#enteredMonoMs = sinceMonoMs;
    return [{ type: 'entered' }, ...this.#dwell(monoMs)];
  }

  #dwell(monoMs: number): ZoneChange[] {
    const stayMs = monoMs - this.#enteredMonoMs;
    const { dwellMs } = this.#zone;
    if (!this.#inside || this.#dwelled || dwellMs === undefined || stayMs < dwellMs) return [];
    this.#dwelled = true;
    return [{ type: 'dwelled', dwellMs: Math.round(stayMs) }];
  }
}
