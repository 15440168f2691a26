import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Outbox, type WaitingEvent } from '../../src/store/outbox.ts';

const event = (seq: number): WaitingEvent => ({
  seq,
  cameraId: 'front',
  json: `{"seq":${seq},"replayed":false}`,
});

/** An outbox over a disk of numbers. */
function rig(waiting: number) {
  const disk = new Map(Array.from({ length: waiting }, (_, i) => [i + 1, event(i + 1)]));
  let largest = 0;
  const outbox = new Outbox({
    read: async (afterSeq, upToSeq, limit) => {
      const page = [...disk.values()].filter(({ seq }) => seq > afterSeq && seq <= upToSeq).slice(0, limit);
      largest = Math.max(largest, page.length);
      return page;
    },
    acknowledged: (seq) => disk.delete(seq),
    isAcknowledged: () => false,
    status: () => ({ queued: disk.size, oldestAtMs: null, dropped: 0 }),
  });
  outbox.offer([], waiting);
  let newest = waiting;
  const put = (count: number) => {
    const events = Array.from({ length: count }, (_, i) => event(newest + 1 + i));
    newest += count;
    for (const each of events) disk.set(each.seq, each);
    outbox.offer(events, newest);
  };
  return { outbox, put, disk, largest: () => largest };
}

const settle = () => new Promise<void>((resolve) => setImmediate(resolve));

describe('Outbox', () => {
  it('lets live events go first, but for a share of the backlog, each lane in order', async () => {
    const { outbox, put } = rig(100);
    outbox.connected();
    await settle();
    put(30);
    const taken = Array.from({ length: 40 }, () => outbox.next()!);
    const lane = (replayed: boolean) =>
      taken.filter(({ payload }) => payload.includes(`"replayed":${replayed}`)).map(({ seq }) => seq);
    expect(lane(false)).toEqual(Array.from({ length: 30 }, (_, i) => 101 + i));
    expect(lane(true)).toEqual(Array.from({ length: 10 }, (_, i) => 1 + i));
  });

  it('reads a long backlog in pages', async () => {
    const { outbox, disk, largest } = rig(5_000);
    outbox.connected();
    const taken: number[] = [];
    while (disk.size > 0) {
      await settle();
      for (let entry = outbox.next(); entry !== undefined; entry = outbox.next()) {
        taken.push(entry.seq);
        outbox.acknowledge(entry.seq);
      }
    }
    expect(taken).toEqual(Array.from({ length: 5_000 }, (_, i) => i + 1));
    expect(largest()).toBeLessThanOrEqual(500);
  });

  it('hands out everything until it is acknowledged, each lane in order, whatever breaks when', async () => {
    const step = fc.oneof(
      fc.constantFrom('send', 'send', 'acknowledge', 'connect', 'interrupt', 'settle'),
      fc.constantFrom(1, 3, 700),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 60 }),
        fc.integer({ min: 0, max: 1_200 }),
        async (steps, n) => {
          const { outbox, put, disk } = rig(n);
          let sent: number[] = [];
          let all = n;
          const delivered = new Set<number>();
          const lanes = { true: 0, false: 0 };
          const send = () => {
            const entry = outbox.next();
            if (entry === undefined) return;
            const lane = entry.payload.includes('"replayed":true') ? 'true' : 'false';
            expect(entry.seq).toBeGreaterThan(lanes[lane]);
            lanes[lane] = entry.seq;
            sent.push(entry.seq);
          };
          const acknowledge = () => {
            const seq = sent.shift();
            if (seq === undefined) return;
            delivered.add(seq);
            outbox.acknowledge(seq);
          };
          const cut = () => {
            sent = [];
            lanes.true = 0;
            lanes.false = 0;
          };
          for (const what of steps) {
            if (typeof what === 'number') {
              put(what);
              all += what;
            } else if (what === 'send') send();
            else if (what === 'acknowledge') acknowledge();
            else if (what === 'settle') await settle();
            else {
              cut();
              if (what === 'connect') outbox.connected();
              else outbox.interrupted();
            }
          }
          cut();
          outbox.connected();
          for (let i = 0; disk.size > 0 && i < 10_000; i++) {
            await settle();
            for (let j = 0; j < 600; j++) send();
            while (sent.length > 0) acknowledge();
          }
          expect(delivered.size).toBe(all);
        },
      ),
      { numRuns: 100 },
    );
  });
});
