import type { DomainEvent } from '../../flow/domain-event.ts';
import type { SizePx } from '../../flow/geometry.ts';

type ObjectEvent = Extract<DomainEvent, { objectId: string }>;
type Box = [x1: number, y1: number, x2: number, y2: number];

/** An object as it stands in `before` and `after` of Frigate's `events` topic. Times in s since the epoch. */
export interface FrigateObject {
  readonly id: string;
  readonly camera: string;
  readonly frame_time: number;
  readonly snapshot_time: number;
  readonly snapshot: FrigateView;
  readonly label: string;
  readonly sub_label: null;
  readonly top_score: number;
  readonly false_positive: false;
  readonly start_time: number;
  readonly end_time: number | null;
  readonly score: number;
  /** Source pixels. */
  readonly box: Box;
  readonly area: number;
  readonly ratio: number;
  readonly region: Box;
  readonly active: boolean;
  readonly stationary: boolean;
  readonly motionless_count: number;
  readonly position_changes: number;
  readonly current_zones: readonly string[];
  readonly entered_zones: readonly string[];
  readonly has_clip: boolean;
  readonly has_snapshot: boolean;
  readonly attributes: Readonly<Record<string, number>>;
  readonly current_attributes: readonly never[];
  readonly pending_loitering: boolean;
  /** km/h, Frigate's unit unless told otherwise; 0 where it is not known. */
  readonly current_estimated_speed: number;
  readonly thumbnail: null;
}

interface FrigateView {
  readonly frame_time: number;
  readonly box: Box;
  readonly area: number;
  readonly region: Box;
  readonly score: number;
  readonly attributes: readonly never[];
}

export interface FrigateMessage {
  readonly type: 'new' | 'update' | 'end';
  readonly before: FrigateObject;
  readonly after: FrigateObject;
}

export interface FrigateCamera extends SizePx {
  /** Frames per second that are looked at: motionless_count is in frames. */
  readonly fps: number;
}

const MESSAGE_TYPES: Partial<Record<DomainEvent['type'], FrigateMessage['type']>> = {
  'object.started': 'new',
  'object.updated': 'update',
  'zone.entered': 'update',
  'zone.left': 'update',
  'object.ended': 'end',
};

/**
 * The message on `events` that an event is in Frigate's words; undefined when Frigate has none for it.
 *
 * @param before the object as it was told last; undefined when it is not known
 */
export function frigateMessage(
  event: DomainEvent,
  before: FrigateObject | undefined,
  camera: FrigateCamera,
): FrigateMessage | undefined {
  const type = MESSAGE_TYPES[event.type];
  if (type === undefined || !('objectId' in event)) return undefined;
  const after = frigateObject(event, before, camera);
  return { type, before: before ?? after, after };
}

/** Frigate's id of an object, `<start, s>-<six characters>`: the same at any time, with nothing to remember. */
export function frigateId({ startedAtMs, objectId }: { startedAtMs: number; objectId: string }): string {
  return `${(startedAtMs / 1000).toFixed(6)}-${objectId.slice(-6)}`;
}

function frigateObject(
  event: ObjectEvent,
  before: FrigateObject | undefined,
  camera: FrigateCamera,
): FrigateObject {
  const [x1, y1, x2, y2] = event.boxNorm;
  const { widthPx, heightPx } = camera;
  const box: Box = [
    Math.round(x1 * widthPx),
    Math.round(y1 * heightPx),
    Math.round(x2 * widthPx),
    Math.round(y2 * heightPx),
  ];
  const boxWidthPx = box[2] - box[0];
  const boxHeightPx = box[3] - box[1];
  const area = boxWidthPx * boxHeightPx;
  const region: Box = [0, 0, widthPx, heightPx];
  const frameTime = event.atMs / 1000;
  const isBest = before === undefined || event.topScore > before.top_score;
  const snapshot = isBest
    ? { frame_time: frameTime, box, area, region, score: event.topScore, attributes: [] }
    : before.snapshot;
  const setOff = before?.stationary === true && !event.stationary;
  const sinceBefore = before === undefined ? 0 : Math.max(0, frameTime - before.frame_time);
  const stood = before?.stationary === true && event.stationary;
  return {
    id: frigateId(event),
    camera: event.cameraId,
    frame_time: frameTime,
    snapshot_time: snapshot.frame_time,
    snapshot,
    label: event.label,
    sub_label: null,
    top_score: event.topScore,
    false_positive: false,
    start_time: event.startedAtMs / 1000,
    end_time: event.type === 'object.ended' ? frameTime : null,
    score: event.score,
    box,
    area,
    ratio: Math.round((boxWidthPx / Math.max(1, boxHeightPx)) * 100) / 100,
    region,
    active: !event.stationary,
    stationary: event.stationary,
    motionless_count: stood ? before.motionless_count + Math.round(sinceBefore * camera.fps) : 0,
    position_changes: (before?.position_changes ?? 0) + (setOff ? 1 : 0),
    current_zones: event.zones,
    entered_zones: [...new Set([...(before?.entered_zones ?? []), ...event.zones])],
    has_clip: event.clip !== null,
    has_snapshot: event.snapshot !== null,
    attributes: Object.fromEntries(
      Object.entries(event.attributes).map(([, { value, score }]) => [value, score]),
    ),
    current_attributes: [],
    pending_loitering: false,
    current_estimated_speed: Math.round((event.speedMPerS ?? 0) * 3.6 * 10) / 10,
    thumbnail: null,
  };
}
