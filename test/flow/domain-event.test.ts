import { describe, expect, test } from 'vitest';
import { cameraStateSchema } from '../../src/flow/camera-state.ts';
import { domainEventSchema } from '../../src/flow/domain-event.ts';

const ENVELOPE = {
  v: 1,
  seq: 1,
  eventId: '0190163d-8694-739b-aea5-966c26f8ad91',
  deviceId: 'porch',
  cameraId: 'front',
  atMs: 1_700_000_000_000,
  timings: { captureAtMs: 1, decodedAtMs: 2, inferredAtMs: 3, emittedAtMs: 4 },
  severity: 'alert',
  replayed: false,
};
const OBJECT = {
  objectId: 'front-1',
  label: 'person',
  score: 0.5,
  topScore: 0.75,
  boxNorm: [0.1, 0.2, 0.3, 0.4],
  velocityNorm: [-0.1, 0],
  zones: ['drive'],
  stationary: false,
  startedAtMs: 1_700_000_000_000,
  speedMPerS: 1.5,
  attributes: { colour: { value: 'red', score: 0.9 } },
  snapshot: null,
  clip: null,
};
const OCCUPANCY = { zone: 'queue', rule: 'crowd', count: 4, moreThan: 3, sinceMs: 1_700_000_000_000 };
const STARTED = { ...ENVELOPE, type: 'object.started', ...OBJECT };

describe('event messages', () => {
  test.each([
    ['object.started', STARTED],
    ['object.updated', { ...STARTED, type: 'object.updated' }],
    ['object.ended', { ...STARTED, type: 'object.ended', cause: 'gone' }],
    ['zone.entered', { ...STARTED, type: 'zone.entered', zone: 'drive' }],
    ['zone.left', { ...STARTED, type: 'zone.left', zone: 'drive' }],
    ['zone.dwelled', { ...STARTED, type: 'zone.dwelled', zone: 'drive', dwellMs: 5_000 }],
    ['line.crossed', { ...STARTED, type: 'line.crossed', line: 'gate', direction: 'forward' }],
    ['zone.occupied', { ...ENVELOPE, type: 'zone.occupied', ...OCCUPANCY }],
    ['zone.cleared', { ...ENVELOPE, type: 'zone.cleared', ...OCCUPANCY }],
    ['camera.state', { ...ENVELOPE, type: 'camera.state', state: 'reconnecting', cause: 'stalled' }],
  ])('%s is as the contract says', (_, message) => {
    expect(domainEventSchema.parse(message)).toEqual(message);
  });

  test.each([
    ['a key that is not stated', { ...STARTED, colour: 'red' }],
    ['an unknown type', { ...STARTED, type: 'object.seen' }],
    ['a number that counts no event', { ...STARTED, seq: 0 }],
    ['an eventId without a time in it', { ...STARTED, eventId: '8f14e45f-ceea-467f-a0e6-5d8b1e1f2c3d' }],
    ['a box beyond the picture', { ...STARTED, boxNorm: [0, 0, 1.01, 1] }],
    ['a score above 1', { ...STARTED, score: 1.5 }],
    ['a speed that is no number', { ...STARTED, velocityNorm: [Number.NaN, 0] }],
    ['an end without its cause', { ...STARTED, type: 'object.ended' }],
    ['a crossing without its direction', { ...STARTED, type: 'line.crossed', line: 'gate' }],
    [
      'a state of a camera that carries an object',
      { ...STARTED, type: 'camera.state', state: 'live', cause: null },
    ],
  ])('%s is refused', (_, message) => {
    expect(domainEventSchema.safeParse(message).success).toBe(false);
  });
});

describe('camera state', () => {
  test('live has no cause', () => {
    const state = { state: 'live', cause: null, sinceMs: 1 };
    expect(cameraStateSchema.parse(state)).toEqual(state);
  });

  test.each([
    ['an unknown state', { state: 'on', cause: null, sinceMs: 1 }],
    ['an unknown cause', { state: 'failed', cause: 'bad luck', sinceMs: 1 }],
    ['no cause at all, rather than null', { state: 'live', sinceMs: 1 }],
  ])('%s is refused', (_, state) => {
    expect(cameraStateSchema.safeParse(state).success).toBe(false);
  });
});
