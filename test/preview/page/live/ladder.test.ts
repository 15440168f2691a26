import { describe, expect, test } from 'vitest';
import { TRANSPORTS, TransportLadder } from '../../../../src/preview/page/live/ladder.ts';

const failed = { playedMs: 0, hopeless: false };
const impossible = { playedMs: 0, hopeless: true };
const brokeOff = { playedMs: 20_000, hopeless: false };

describe('which transport is tried', () => {
  test('begins with the best, and goes down at once where one does not work', () => {
    const ladder = new TransportLadder(TRANSPORTS);
    expect(ladder.first()).toEqual({ transport: 'webrtc', waitMs: 0 });
    expect(ladder.next(failed)).toEqual({ transport: 'mse', waitMs: 0 });
    expect(ladder.next(failed)).toEqual({ transport: 'mjpeg', waitMs: 0 });
  });

  test('begins again from the top when all have failed, with growing waits up to 5 s', () => {
    const ladder = new TransportLadder(TRANSPORTS);
    const waits = Array.from({ length: 24 }, () => ladder.next(failed)!);
    expect(waits.filter(({ transport }) => transport === 'webrtc').map(({ waitMs }) => waitMs)).toEqual([
      250, 500, 1000, 2000, 4000, 5000, 5000, 5000,
    ]);
  });

  test('one that worked and broke off is tried again, soon', () => {
    const ladder = new TransportLadder(TRANSPORTS);
    ladder.next(failed);
    expect(ladder.next(brokeOff)).toEqual({ transport: 'mse', waitMs: 250 });
  });

  test('one that worked for a minute gives the better one another chance when it breaks off', () => {
    const ladder = new TransportLadder(TRANSPORTS);
    ladder.next(failed);
    expect(ladder.next({ playedMs: 90_000, hopeless: false })?.transport).toBe('webrtc');
  });

  test('one that cannot work is not tried again', () => {
    const ladder = new TransportLadder(['mse', 'mjpeg']);
    expect(ladder.next(impossible)?.transport).toBe('mjpeg');
    const later = Array.from({ length: 5 }, () => ladder.next(failed)?.transport);
    expect(later).not.toContain('mse');
  });

  test('nothing is left when none can work', () => {
    expect(new TransportLadder([]).first()).toBeUndefined();
    expect(new TransportLadder(['mse']).next(impossible)).toBeUndefined();
  });

  test('waits begin anew after it has worked', () => {
    const ladder = new TransportLadder(['mjpeg']);
    for (let i = 0; i < 6; i++) ladder.next(failed);
    ladder.next(brokeOff);
    expect(ladder.next(failed)?.waitMs).toBe(250);
  });
});
