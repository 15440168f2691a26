import type { CameraConfig, Severity } from '../config/camera-schema.ts';
import type { DomainEvent, EventDraft } from '../flow/domain-event.ts';
import { toNorm } from '../flow/geometry.ts';
import type { Sighting } from './sighting.ts';
import type { Happenings, Subject } from './subject.ts';

export type EndCause = Extract<DomainEvent, { type: 'object.ended' }>['cause'];

/** Writes what the rules found as event drafts of one camera. Every draft is about the frame of one sighting. */
export class ObjectDrafts {
  readonly #cameraId: string;
  #rules: Pick<CameraConfig, 'objects' | 'zones' | 'lines'>;

  constructor(cameraId: string, rules: Pick<CameraConfig, 'objects' | 'zones' | 'lines'>) {
    this.#cameraId = cameraId;
    this.#rules = rules;
  }

  get rules(): Pick<CameraConfig, 'objects' | 'zones' | 'lines'> {
    return this.#rules;
  }

  /** Severities are those of other rules from now on. */
  apply(rules: Pick<CameraConfig, 'objects' | 'zones' | 'lines'>): void {
    this.#rules = rules;
  }

  /** It is in these zones no more, for they are no more. */
  left(subject: Subject, zones: readonly string[]): EventDraft[] {
    const fields = this.#fields(subject, subject.last);
    return zones.map((zone) => ({
      type: 'zone.left',
      ...fields,
      severity: this.#severityOfZone(zone),
      zone,
    }));
  }

  /** As it is now, but `atMs` is the first sighting, as that of `object.ended` is the last: the visit, not our doubt. */
  started(subject: Subject): EventDraft {
    const fields = this.#fields(subject, subject.last);
    return { type: 'object.started', ...fields, atMs: fields.startedAtMs };
  }

  updated(subject: Subject): EventDraft {
    return { type: 'object.updated', ...this.#fields(subject, subject.last) };
  }

  /** `zone.left` for every zone that holds it, then `object.ended`. */
  ended(subject: Subject, cause: EndCause): EventDraft[] {
    const fields = this.#fields(subject, subject.last);
    return [...this.left(subject, fields.zones), { type: 'object.ended', ...fields, cause }];
  }

  happened(subject: Subject, happenings: Happenings): EventDraft[] {
    if (happenings.zones.length === 0 && happenings.lines.length === 0) return [];
    const object = this.#fields(subject, happenings.sighting);
    const zones = happenings.zones.map(({ zone, change }): EventDraft => {
      const fields = { ...object, severity: this.#severityOfZone(zone), zone };
      if (change.type === 'dwelled') return { type: 'zone.dwelled', ...fields, dwellMs: change.dwellMs };
      return { type: `zone.${change.type}`, ...fields };
    });
    const lines = happenings.lines.map(
      ({ line, direction }): EventDraft => ({
        type: 'line.crossed',
        ...object,
        severity: this.#rules.lines[line]?.severity ?? 'detection',
        line,
        direction,
      }),
    );
    return [...zones, ...lines];
  }

  #severityOfZone(zone: string): Severity {
    return this.#rules.zones[zone]?.severity ?? 'detection';
  }

  #severityOfLabel(label: string): Severity {
    const { objects } = this.#rules;
    return (Object.hasOwn(objects, label) ? objects[label]?.severity : undefined) ?? 'detection';
  }

  #fields(subject: Subject, sighting: Sighting) {
    if (subject.objectId === undefined) throw new Error('an event about something not believed');
    const { source, times, inferredAtMs } = sighting.frame;
    const [vx, vy] = sighting.velocityPxPerS;
    const [x1, y1, x2, y2] = toNorm(sighting.boxPx, source);
    return {
      cameraId: this.#cameraId,
      atMs: Math.round(times.captureAtMs),
      timings: {
        captureAtMs: Math.round(times.captureAtMs),
        decodedAtMs: Math.round(times.decodedAtMs),
        inferredAtMs: Math.round(inferredAtMs),
        emittedAtMs: 0,
      },
      objectId: subject.objectId,
      label: subject.label,
      score: sighting.score,
      topScore: subject.topScore,
      boxNorm: [x1, y1, x2, y2] as [number, number, number, number],
      velocityNorm: [vx / source.widthPx, vy / source.heightPx] as [number, number],
      zones: [...subject.zones],
      stationary: subject.stationary,
      startedAtMs: Math.round(subject.first.frame.times.captureAtMs),
      severity: this.#severityOfLabel(subject.label),
      speedMPerS: subject.speedMPerS,
      attributes: subject.attributes,
      snapshot: null,
      clip: null,
    };
  }
}
