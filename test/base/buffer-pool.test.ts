import { afterEach, expect, it } from 'vitest';
import { keepBufferPoolSmall } from '../../src/base/buffer-pool.ts';

const before = Buffer.poolSize;
afterEach(() => {
  Buffer.poolSize = before;
});

it('a few bytes that are kept hold on to little more', () => {
  keepBufferPoolSmall();
  // What is left of the pool before is used up first.
  for (let used = 0; used < before; used += 64) Buffer.allocUnsafe(64);
  const kept = Array.from({ length: 64 }, () => {
    Buffer.allocUnsafe(3_000);
    return Buffer.allocUnsafe(4);
  });
  const pinned = new Set(kept.map(({ buffer }) => buffer));
  expect([...pinned].reduce((sum, { byteLength }) => sum + byteLength, 0)).toBeLessThanOrEqual(1024);
  expect(Buffer.allocUnsafe(400).buffer.byteLength).toBe(400);
});
