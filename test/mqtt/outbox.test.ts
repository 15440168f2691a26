import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Outbox } from '../../src/mqtt/outbox.ts';
import { eventSource } from '../fixtures/domain-events.ts';

describe('Outbox', () => {
  it('hands out events in order, no more at once than the window', () => {
    const next = eventSource();
    const outbox = new Outbox(100, 2);
    for (let i = 0; i < 3; i++) outbox.put(next(), false);
    const first = outbox.next();
    const second = outbox.next();
    expect([first?.event.seq, second?.event.seq]).toEqual([1, 2]);
    expect(outbox.next()).toBeUndefined();
    second?.acknowledge();
    expect(outbox.next(), 'the first still holds the window open').toBeUndefined();
    first?.acknowledge();
    expect(outbox.next()?.event.seq).toBe(3);
    expect(outbox.queued).toBe(1);
  });

  it('sends again, as replayed, what an outage cut off', () => {
    const next = eventSource();
    const outbox = new Outbox(100, 8);
    const [one, two] = [next(), next()];
    outbox.put(one, false);
    outbox.put(two, false);
    outbox.next()?.acknowledge();
    outbox.next();
    outbox.interrupted();
    outbox.put(next(), true);
    expect(outbox.next()?.event).toEqual({ ...two, replayed: true });
    expect(outbox.next()?.event).toMatchObject({ seq: 3, replayed: true });
  });

  it('drops the oldest when full, and counts it', () => {
    const next = eventSource();
    const outbox = new Outbox(3, 2);
    for (let i = 0; i < 5; i++) outbox.put(next(), true);
    expect(outbox.dropped).toBe(2);
    expect(outbox.next()?.event.seq).toBe(3);
  });

  it('delivers everything at least once and in order, whatever breaks when', () => {
    const step = fc.constantFrom('put', 'send', 'acknowledge', 'interrupt');
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), fc.integer({ min: 1, max: 5 }), (steps, window) => {
        const next = eventSource();
        const outbox = new Outbox(1_000, window);
        const delivered: number[] = [];
        let sent: { seq: number; acknowledge: () => void }[] = [];
        let put = 0;
        const send = () => {
          const out = outbox.next();
          if (out !== undefined) sent.push({ seq: out.event.seq, acknowledge: out.acknowledge });
          return out !== undefined;
        };
        const acknowledge = () => {
          const oldest = sent.shift();
          if (oldest === undefined) return;
          delivered.push(oldest.seq);
          oldest.acknowledge();
        };
        for (const what of steps) {
          if (what === 'put') {
            outbox.put(next(), false);
            put += 1;
          } else if (what === 'send') send();
          else if (what === 'acknowledge') acknowledge();
          else {
            outbox.interrupted();
            sent = [];
          }
          expect(sent.length).toBeLessThanOrEqual(window);
        }
        outbox.interrupted();
        sent = [];
        while (send()) acknowledge();
        expect(delivered).toEqual(Array.from({ length: put }, (_, i) => i + 1));
        expect(outbox.queued).toBe(0);
      }),
      { numRuns: 200 },
    );
  });
});
