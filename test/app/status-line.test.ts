import { describe, expect, test } from 'vitest';
import { type StatusFacts, statusLine } from '../../src/app/status-line.ts';
import type { CameraCause, CameraState, CameraStateName } from '../../src/flow/camera-state.ts';

const state = (name: CameraStateName, cause: CameraCause | null = null): CameraState => ({
  state: name,
  cause,
  sinceMs: 0,
});

const facts: StatusFacts = {
  cameras: new Map([
    ['door', state('live')],
    ['drive', state('live')],
    ['yard', state('live')],
    ['garden', state('failed', 'auth_failed')],
  ]),
  inferencesPerS: 19.84,
  providers: ['cuda'],
  isServed: true,
  waitingForBroker: null,
  storeError: null,
  stuck: [],
};

describe('the line of `systemctl status`', () => {
  test.each<[string, Partial<StatusFacts>, string]>([
    ['names what is wrong', {}, '3 of 4 cameras live, 19.8 inferences/s on CUDA; garden: auth_failed'],
    [
      'a device without cameras',
      { cameras: new Map(), providers: [] },
      '0 of 0 cameras live, 19.8 inferences/s',
    ],
    [
      'two models on two providers',
      { cameras: new Map(), providers: ['tensorrt', 'cpu', 'cpu'] },
      '0 of 0 cameras live, 19.8 inferences/s on CPU and TensorRT',
    ],
    [
      'a model on nothing',
      { cameras: new Map(), providers: [null] },
      '0 of 0 cameras live, 19.8 inferences/s on nothing',
    ],
    [
      'cameras that are off do not count, and a file that ended is nothing wrong',
      {
        cameras: new Map([
          ['a', state('live')],
          ['b', state('disabled')],
          ['c', state('disabled', 'ended')],
        ]),
      },
      '1 of 1 cameras live (2 off), 19.8 inferences/s on CUDA',
    ],
    [
      'a live camera may show nothing',
      { cameras: new Map([['a', state('live', 'black')]]) },
      '1 of 1 cameras live, 19.8 inferences/s on CUDA; a: black',
    ],
    [
      'of many, the first few by name',
      { cameras: new Map(Array.from({ length: 8 }, (_, i) => [`c${i}`, state('failed', 'not_found')])) },
      '0 of 8 cameras live, 19.8 inferences/s on CUDA; c0: not_found; c1: not_found; c2: not_found; c3: not_found; ' +
        'c4: not_found; 3 more with a cause',
    ],
    [
      'broker, disk and page',
      { cameras: new Map(), waitingForBroker: 12, storeError: 'full', isServed: false },
      '0 of 0 cameras live, 19.8 inferences/s on CUDA; broker away, 12 events wait; events cannot be stored; page not served',
    ],
    [
      'what is stuck comes first',
      { cameras: new Map(), stuck: [{ part: 'camera a', awaits: 'a frame', forMs: 31_400 }] },
      'stuck, to be restarted: camera a waits for a frame (31 s); 0 of 0 cameras live, 19.8 inferences/s on CUDA',
    ],
  ])('%s', (_, over, expected) => {
    expect(statusLine({ ...facts, ...over })).toBe(expected);
  });
});
