import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { UuidV7 } from '../../src/events/uuid-v7.ts';

describe('UuidV7', () => {
  it('has the time, version and variant of RFC 9562', () => {
    const uuid = new UuidV7(() => new Uint8Array(10)).next(0x017f22e279b0);
    expect(uuid).toBe('017f22e2-79b0-7000-8000-000000000000');
  });

  it('only ever grows, also within a millisecond and when the clock is set back', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 2 ** 48 - 2 }), { minLength: 2 }), (times) => {
        const uuids = new UuidV7(randomBytes);
        const made = times.map((atMs) => uuids.next(atMs));
        expect(made).toEqual([...new Set(made)].sort());
        for (const uuid of made) z.uuidv7().parse(uuid);
      }),
    );
  });

  it('goes on above an id of an earlier run, whatever the clock says', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 2 ** 48 - 2 }),
        fc.integer({ min: 0, max: 2 ** 48 - 2 }),
        (was, is) => {
          const earlier = new UuidV7(randomBytes).next(was);
          const uuids = new UuidV7(randomBytes);
          uuids.follow(earlier);
          expect(uuids.next(is) > earlier).toBe(true);
        },
      ),
    );
  });

  it('grows even where the random bytes are all ones', () => {
    const uuids = new UuidV7((size) => new Uint8Array(size).fill(255));
    let last = uuids.next(1);
    for (let i = 0; i < 1000; i++) {
      const next = uuids.next(1);
      expect(next > last).toBe(true);
      last = next;
    }
  });
});
