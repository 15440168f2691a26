import type { LineConfig, ZoneConfig } from '../config/camera-schema.ts';
import type { Attributes } from '../flow/domain-event.ts';
import type { BoxPx } from '../flow/geometry.ts';
import type { Appearance } from '../flow/scene-memory.ts';
import { exitSide } from './continuity.ts';
import { EmbeddingLooks } from './embedding.ts';
import { BELIEVED, Evidence } from './evidence.ts';
import { GroundSpeed, groundOf } from './ground-speed.ts';
import { type LineDirection, LineWatch } from './line-watch.ts';
import { Pace } from './pace.ts';
import type { Sighting } from './sighting.ts';
import { Stillness } from './stillness.ts';
import { type ZoneChange, type ZoneStay, ZoneWatch } from './zone-watch.ts';

/** A second view of a believed object (half a body beside the whole one) needs this much more evidence to be another. */
const COVERED_DOUBT = 8;
/** So does what shows up where an object has just left: mostly the last of it. */
const REMNANT_DOUBT = 3;
/** For so long one that walked out may seem to turn round. */
const EXIT_MS = 1_000;
/** Once the reason is gone, doubt fades with this time constant; one frame of jitter does not clear it. */
const DOUBT_FADES_MS = 300;

export type Doubt = 'none' | 'covered' | 'remnant';

/** The zones and lines that count for one label, by name. */
export interface Places {
  readonly zones: ReadonlyMap<string, ZoneConfig>;
  readonly lines: ReadonlyMap<string, LineConfig>;
}

/** Names of what is no longer what it was. */
export interface Changed {
  readonly zones: readonly string[];
  readonly lines: readonly string[];
}

/** What is asked of a label before one of it is believed. */
export interface BeliefLimits {
  /** 0..1 */
  readonly minScore: number;
  /** Lengths of its own box per second. */
  readonly minSpeed: number;
}

export interface ZoneHappening {
  readonly zone: string;
  readonly change: ZoneChange;
}

export interface LineHappening {
  readonly line: string;
  readonly direction: LineDirection;
}

/** What one sighting brought about. */
export interface Happenings {
  readonly sighting: Sighting;
  readonly zones: readonly ZoneHappening[];
  readonly lines: readonly LineHappening[];
}

/** A believed object in the newest frame. */
export interface SeenObject {
  readonly objectId: string;
  readonly label: string;
  /** Capture time of its first sighting, ms since the epoch, as its events have it. */
  readonly startedAtMs: number;
  /** Of the detection, 0..1. */
  readonly score: number;
  readonly boxPx: BoxPx;
}

/** The same with all that is drawn of it. */
export interface ShownObject extends SeenObject {
  readonly velocityPxPerS: Sighting['velocityPxPerS'];
  readonly stationary: boolean;
  /** Names of the zones that hold it. */
  readonly zones: readonly string[];
}

/**
 * Something that may be an object: a candidate until the evidence is enough, an object (with an id) from then on. It
 * outlives its tracks: `trackId` is whatever track carries it now.
 */
export class Subject {
  readonly label: string;
  readonly first: Sighting;
  trackId: number;
  /** Given at confirmation. */
  objectId: string | undefined;
  /** How it looked a moment ago; undefined when nobody has asked, or too little of it was visible. */
  look: Appearance | undefined;
  lookedMonoMs = Number.NEGATIVE_INFINITY;
  /** What second models say of it. */
  attributes: Attributes = {};
  /** What a re-identification model says of it. */
  looks = new EmbeddingLooks();
  readonly #evidence = new Evidence();
  #minScore: number;
  #minSpeed: number;
  #pace: Pace;
  readonly #zones = new Map<string, ZoneWatch>();
  readonly #lines = new Map<string, LineWatch>();
  readonly #speeds = new Map<string, GroundSpeed>();
  readonly #stillness = new Stillness();
  #exit: { readonly side: -1 | 0 | 1; readonly monoMs: number } = { side: 0, monoMs: 0 };
  #last: Sighting;
  #topScore = 0;
  #unseenUpdates = 0;
  #required = BELIEVED;
  #insideOf: readonly string[] = [];

  constructor(label: string, trackId: number, first: Sighting, asked: BeliefLimits, places: Places) {
    this.label = label;
    this.trackId = trackId;
    this.first = first;
    this.#last = first;
    this.#minScore = asked.minScore;
    this.#minSpeed = asked.minSpeed;
    this.#pace = new Pace(asked.minSpeed, first.monoMs);
    this.#watch(places);
  }

  /**
   * Goes by other rules from now on. What it did so far stays, and so does its side of places that are the same.
   * @param changed names of the zones and lines that are no more, or are others now
   */
  move(asked: BeliefLimits, places: Places, changed: Changed): void {
    this.#minScore = asked.minScore;
    if (asked.minSpeed !== this.#minSpeed) this.#pace = new Pace(asked.minSpeed, this.#last.monoMs);
    this.#minSpeed = asked.minSpeed;
    for (const name of changed.zones) {
      this.#zones.delete(name);
      this.#speeds.delete(name);
    }
    for (const name of changed.lines) this.#lines.delete(name);
    this.#watch(places);
  }

  #watch({ zones, lines }: Places): void {
    for (const [name, zone] of zones) {
      if (this.#zones.has(name)) continue;
      this.#zones.set(name, new ZoneWatch(zone));
      const ground = groundOf(zone);
      if (ground !== undefined) this.#speeds.set(name, new GroundSpeed(zone, ground));
    }
    for (const [name, line] of lines) if (!this.#lines.has(name)) this.#lines.set(name, new LineWatch(line));
  }

  /** The newest sighting. */
  get last(): Sighting {
    return this.#last;
  }

  get topScore(): number {
    return this.#topScore;
  }

  /** Through which side it was walking out of the picture a moment ago: -1 left, 1 right, 0 neither. */
  exitSide(monoMs: number): -1 | 0 | 1 {
    return monoMs - this.#exit.monoMs <= EXIT_MS ? this.#exit.side : 0;
  }

  /** Updates since it was last seen. */
  get unseenUpdates(): number {
    return this.#unseenUpdates;
  }

  /** As it is in the newest frame; undefined when it is not believed, or not seen in it. */
  get seenNow(): ShownObject | undefined {
    const { objectId, label, stationary, zones } = this;
    if (objectId === undefined || this.#unseenUpdates > 0) return undefined;
    const startedAtMs = Math.round(this.first.frame.times.captureAtMs);
    const { score, boxPx, velocityPxPerS } = this.#last;
    return { objectId, label, startedAtMs, score, boxPx, velocityPxPerS, stationary, zones };
  }

  get stationary(): boolean {
    return this.#stillness.stationary;
  }

  /** Names of the zones that hold it; another array only when they changed. */
  get zones(): readonly string[] {
    return this.#insideOf;
  }

  /** The stays in zones, by name. */
  get stays(): Record<string, ZoneStay> {
    const stays: Record<string, ZoneStay> = {};
    for (const [name, watch] of this.#zones) {
      const stay = watch.stay(this.#last.monoMs);
      if (stay !== undefined) stays[name] = stay;
    }
    return stays;
  }

  /** Goes on with the stays of an earlier run. */
  resume(stays: Readonly<Record<string, ZoneStay>>): void {
    for (const [name, watch] of this.#zones) watch.resume(stays[name]);
  }

  /** Speed over the ground in the first zone that knows it, m/s. */
  get speedMPerS(): number | null {
    for (const { mPerS } of this.#speeds.values()) if (mPerS !== null) return mPerS;
    return null;
  }

  /** Nothing speaks for it any more. Says nothing about an object: that ends by absence. */
  get isRefuted(): boolean {
    return this.#evidence.sum === 0 || this.#pace.isIdle(this.#last.monoMs);
  }

  get isBelievable(): boolean {
    return this.#evidence.sum >= this.#required && this.#pace.reached;
  }

  /** Weighs, for a candidate, what speaks against its being an object of its own. */
  doubt(reason: Doubt, elapsedMs: number): void {
    const faded = BELIEVED + (this.#required - BELIEVED) * Math.exp(-elapsedMs / DOUBT_FADES_MS);
    const factor = reason === 'covered' ? COVERED_DOUBT : reason === 'remnant' ? REMNANT_DOUBT : 1;
    this.#required = Math.max(faded, BELIEVED * factor);
  }

  /** It was detected in this frame. */
  see(sighting: Sighting): Happenings {
    this.#last = sighting;
    this.#unseenUpdates = 0;
    this.#topScore = Math.max(this.#topScore, sighting.score);
    this.#evidence.seen(sighting.score, this.#minScore, sighting.monoMs);
    this.#stillness.see(sighting);
    const side = exitSide(sighting);
    if (side !== 0) this.#exit = { side, monoMs: sighting.monoMs };
    this.#pace.see(sighting);
    const zones: ZoneHappening[] = [];
    for (const [zone, watch] of this.#zones) {
      for (const change of watch.see(sighting)) zones.push({ zone, change });
    }
    if (zones.length > 0) {
      this.#insideOf = [...this.#zones].filter(([, watch]) => watch.inside).map(([name]) => name);
    }
    const lines: LineHappening[] = [];
    for (const [line, watch] of this.#lines) {
      const direction = watch.see(sighting);
      if (direction !== undefined) lines.push({ line, direction });
    }
    for (const [name, speed] of this.#speeds) speed.see(sighting, this.#zones.get(name)?.inside ?? false);
    return { sighting, zones, lines };
  }

  /** It was not detected in this frame. */
  miss(monoMs: number): void {
    this.#unseenUpdates += 1;
    this.#evidence.missed(monoMs);
  }
}

/** Whether nobody believes it yet. */
export const isCandidate = ({ objectId }: Subject): boolean => objectId === undefined;
