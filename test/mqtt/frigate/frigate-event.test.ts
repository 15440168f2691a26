import { describe, expect, it } from 'vitest';
import type { DomainEvent } from '../../../src/flow/domain-event.ts';
import { type FrigateObject, frigateMessage } from '../../../src/mqtt/frigate/frigate-event.ts';

const camera = { widthPx: 1000, heightPx: 500, fps: 5 };
const object = {
  v: 1,
  seq: 1,
  eventId: '01890a5d-ac96-774b-bcce-b302099a8057',
  deviceId: 'porch',
  cameraId: 'front',
  atMs: 1_700_000_001_500,
  timings: { captureAtMs: 0, decodedAtMs: 0, inferredAtMs: 0, emittedAtMs: 0 },
  severity: 'detection',
  replayed: false,
  objectId: '01890a5d-ac96-774b-bcce-b302099a8057',
  label: 'person',
  score: 0.8,
  topScore: 0.9,
  boxNorm: [0.1, 0.2, 0.3, 0.8],
  velocityNorm: [0, 0],
  zones: ['drive'],
  stationary: false,
  startedAtMs: 1_700_000_000_250,
  speedMPerS: null,
  attributes: {},
  snapshot: null,
  clip: null,
} as const;

const started = (changes: object = {}) =>
  ({ ...object, type: 'object.started', ...changes }) as unknown as DomainEvent;
const updated = (changes: object = {}) =>
  ({ ...object, type: 'object.updated', ...changes }) as unknown as DomainEvent;

/** The object after the events, as it was told last. */
function told(...events: DomainEvent[]): FrigateObject {
  let last: FrigateObject | undefined;
  for (const event of events) last = frigateMessage(event, last, camera)?.after;
  if (last === undefined) throw new Error('nothing was told');
  return last;
}

it('states an object as Frigate does: seconds, pixels, its own id', () => {
  const message = frigateMessage(started(), undefined, camera);
  expect(message?.type).toBe('new');
  expect(message?.before).toEqual(message?.after);
  expect(message?.after).toMatchObject({
    id: '1700000000.250000-9a8057',
    camera: 'front',
    label: 'person',
    frame_time: 1_700_000_001.5,
    start_time: 1_700_000_000.25,
    end_time: null,
    box: [100, 100, 300, 400],
    area: 60_000,
    ratio: 0.67,
    top_score: 0.9,
    score: 0.8,
    false_positive: false,
    current_zones: ['drive'],
    entered_zones: ['drive'],
    has_clip: false,
    has_snapshot: false,
  });
});

describe('the kind of message', () => {
  it.each([
    ['object.started', 'new'],
    ['object.updated', 'update'],
    ['zone.entered', 'update'],
    ['zone.left', 'update'],
    ['object.ended', 'end'],
    ['zone.dwelled', undefined],
    ['line.crossed', undefined],
    ['camera.state', undefined],
  ])('of %s is %s', (type, expected) => {
    expect(frigateMessage(started({ type }), undefined, camera)?.type).toBe(expected);
  });
});

describe('what changes', () => {
  it.each<[string, object, Partial<FrigateObject>]>([
    [
      'zones entered add up',
      { zones: ['yard'] },
      { current_zones: ['yard'], entered_zones: ['drive', 'yard'] },
    ],
    ['no zone now', { zones: [] }, { current_zones: [], entered_zones: ['drive'] }],
    ['the end has its time', { type: 'object.ended', cause: 'gone' }, { end_time: 1_700_000_001.5 }],
    ['speed in km/h', { speedMPerS: 2 }, { current_estimated_speed: 7.2 }],
    [
      'attributes by value',
      { attributes: { colour: { value: 'red', score: 0.7 } } },
      { attributes: { red: 0.7 } },
    ],
    ['links', { clip: 'c', snapshot: 's' }, { has_clip: true, has_snapshot: true }],
    ['at rest', { stationary: true }, { stationary: true, active: false, motionless_count: 0 }],
  ])('%s', (_, changes, expected) => {
    expect(told(started(), updated(changes))).toMatchObject(expected);
  });

  it('counts frames at rest, and that it set off', () => {
    const still = (atMs: number) => updated({ stationary: true, atMs: object.atMs + atMs });
    expect(told(started(), still(1_000), still(3_000)).motionless_count).toBe(10);
    expect(told(started(), still(1_000), updated()).position_changes).toBe(1);
  });

  it('shows the best view, not the newest', () => {
    const better = updated({ topScore: 0.95, boxNorm: [0, 0, 0.5, 0.5] });
    const worse = updated({ topScore: 0.95, boxNorm: [0, 0, 0.1, 0.1] });
    expect(told(started(), better, worse).snapshot).toMatchObject({ score: 0.95, box: [0, 0, 500, 250] });
  });

  it('keeps the id from start to end', () => {
    expect(told(started(), updated({ atMs: object.atMs + 9_000 })).id).toBe(told(started()).id);
  });
});
