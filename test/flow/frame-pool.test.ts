import { describe, expect, test } from 'vitest';
import { i420Bytes } from '../../src/flow/frame.ts';
import { type FrameFields, FramePool } from '../../src/flow/frame-pool.ts';

const FIELDS: FrameFields = {
  cameraId: 'front',
  seq: 1,
  widthPx: 4,
  heightPx: 2,
  colour: { matrix: 'bt601', range: 'limited' },
  source: { widthPx: 8, heightPx: 4 },
  times: { captureAtMs: 1, captureMonoMs: 1, decodedAtMs: 2 },
};

describe('i420Bytes', () => {
  test.each([
    ['even', 416, 234, 146_016],
    ['odd width: chroma is rounded up', 5, 4, 20 + 2 * 3 * 2],
    ['odd both', 5, 3, 15 + 2 * 3 * 2],
    ['one pixel', 1, 1, 3],
  ])('%s', (_, width, height, bytes) => {
    expect(i420Bytes(width, height)).toBe(bytes);
  });
});

describe('FramePool', () => {
  test('hands out as many buffers as it has, and no more', () => {
    const pool = new FramePool(2, 0);
    const first = pool.acquire(4, 2)!;
    pool.acquire(4, 2);
    expect([pool.acquire(4, 2), pool.inUse]).toEqual([undefined, 2]);
    first.release();
    expect(pool.acquire(4, 2)).toBeDefined();
  });

  test('a frame is the slot’s own pixels, shared and sized to the picture', () => {
    const slot = new FramePool(1, 1_000).acquire(4, 2)!;
    slot.data.fill(7);
    const frame = slot.toFrame(FIELDS);
    expect([frame.data.length, frame.data.every((value) => value === 7)]).toEqual([12, true]);
    expect(frame.data.buffer).toBeInstanceOf(SharedArrayBuffer);
    expect(frame).toMatchObject(FIELDS);
  });

  test('a released frame’s buffer is used again', () => {
    const pool = new FramePool(1, 0);
    const frame = pool.acquire(4, 2)!.toFrame(FIELDS);
    frame.release();
    expect(pool.acquire(4, 2)!.data.buffer).toBe(frame.data.buffer);
  });

  test('releasing twice is a fault of the program, and is said', () => {
    const pool = new FramePool(1, 0);
    const slot = pool.acquire(4, 2)!;
    const frame = slot.toFrame(FIELDS);
    frame.release();
    expect(() => frame.release()).toThrow('frame released twice');
    expect(() => slot.release()).toThrow('frame released twice');
    expect(pool.inUse).toBe(0);
  });

  test('a larger picture enlarges the buffers, and the small ones go', () => {
    const pool = new FramePool(2, 0);
    const small = pool.acquire(4, 2)!;
    const large = pool.acquire(8, 8)!;
    expect(large.data.length).toBe(i420Bytes(8, 8));
    const smallBuffer = small.data.buffer;
    small.release();
    const again = pool.acquire(4, 2)!;
    expect(again.data.buffer).not.toBe(smallBuffer);
    expect(again.data.buffer.byteLength).toBe(i420Bytes(8, 8));
  });
});
