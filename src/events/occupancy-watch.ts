import type { CameraConfig, OccupancyConfig, ZoneConfig } from '../config/camera-schema.ts';
import type { EventDraft } from '../flow/domain-event.ts';
import type { FrameFacts } from './sighting.ts';
import type { Subject } from './subject.ts';

/** One rule "more than N of these in this zone for so long". */
class OccupancyRule {
  readonly zone: string;
  readonly name: string;
  readonly config: OccupancyConfig;
  /** Of two rules that are the same in every way. */
  readonly key: string;
  /** Since when there are too many. */
  since: { readonly monoMs: number; readonly atMs: number } | undefined;
  occupied = false;

  constructor(zone: string, area: ZoneConfig, name: string, config: OccupancyConfig) {
    this.zone = zone;
    this.name = name;
    this.config = config;
    this.key = JSON.stringify([zone, { ...area, occupancy: null }, name, config]);
  }

  count(objects: readonly Subject[]): number {
    const { objects: labels } = this.config;
    return objects.filter(
      ({ label, zones }) => zones.includes(this.zone) && (labels?.includes(label) ?? true),
    ).length;
  }
}

/** The occupancy rules of one camera. Each tells `zone.occupied` and `zone.cleared` in turn, and is cleared in the end. */
export class OccupancyWatch {
  readonly #cameraId: string;
  #rules: readonly OccupancyRule[] = [];
  #frame: FrameFacts | undefined;

  constructor(cameraId: string, zones: CameraConfig['zones']) {
    this.#cameraId = cameraId;
    this.#rules = rulesOf(zones);
  }

  /** Watches other zones from now on; a rule that is the same goes on. @returns those that end */
  apply(zones: CameraConfig['zones']): EventDraft[] {
    const frame = this.#frame;
    const wanted = rulesOf(zones);
    const isSame = (a: OccupancyRule, b: OccupancyRule) => a.key === b.key;
    const over = this.#rules.filter((rule) => !wanted.some((other) => isSame(rule, other)));
    this.#rules = wanted.map((rule) => this.#rules.find((other) => isSame(rule, other)) ?? rule);
    return frame === undefined ? [] : over.flatMap((rule) => this.#weigh(rule, [], frame));
  }

  /** One frame, with the objects that are present in it. */
  update(objects: readonly Subject[], frame: FrameFacts): EventDraft[] {
    this.#frame = frame;
    return this.#rules.flatMap((rule) => this.#weigh(rule, objects, frame));
  }

  /** Nobody is watched any more. */
  end(): EventDraft[] {
    const frame = this.#frame;
    return frame === undefined ? [] : this.#rules.flatMap((rule) => this.#weigh(rule, [], frame));
  }

  #weigh(rule: OccupancyRule, objects: readonly Subject[], frame: FrameFacts): EventDraft[] {
    const { captureMonoMs: monoMs, captureAtMs } = frame.times;
    const count = rule.count(objects);
    if (count <= rule.config.moreThan) {
      const wasOccupied = rule.occupied;
      rule.occupied = false;
      rule.since = undefined;
      return wasOccupied ? [this.#draft('zone.cleared', rule, count, frame, captureAtMs)] : [];
    }
    rule.since ??= { monoMs, atMs: captureAtMs };
    if (rule.occupied || monoMs - rule.since.monoMs < rule.config.forMs) return [];
    rule.occupied = true;
    return [this.#draft('zone.occupied', rule, count, frame, rule.since.atMs)];
  }

  #draft(
    type: 'zone.occupied' | 'zone.cleared',
    { zone, name, config }: OccupancyRule,
    count: number,
    { times, inferredAtMs }: FrameFacts,
    sinceMs: number,
  ): EventDraft {
    const captureAtMs = Math.round(times.captureAtMs);
    return {
      type,
      cameraId: this.#cameraId,
      atMs: captureAtMs,
      timings: {
        captureAtMs,
        decodedAtMs: Math.round(times.decodedAtMs),
        inferredAtMs: Math.round(inferredAtMs),
        emittedAtMs: 0,
      },
      severity: config.severity,
      zone,
      rule: name,
      count,
      moreThan: config.moreThan,
      sinceMs: Math.round(sinceMs),
    };
  }
}

function rulesOf(zones: CameraConfig['zones']): OccupancyRule[] {
  return Object.entries(zones).flatMap(([zone, area]) =>
    Object.entries(area.occupancy).map(([name, config]) => new OccupancyRule(zone, area, name, config)),
  );
}
