import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RtpTimes } from '../../../../src/preview/page/overlay/rtp-times.ts';

const WRAP = 2 ** 32;

/** A sender of `fps` whose pictures come up to `jitterMs` late, and whose clock readings differ by up to 0.8 ms. */
function sent(
  options: { fps: number; jitterMs: number; constant: number; random: () => number; fromMs?: number },
  count: number,
) {
  const { fps, jitterMs, constant, random, fromMs = 5_000 } = options;
  return Array.from({ length: count }, (_, index) => {
    const sentMs = fromMs + (index * 1000) / fps + random() * jitterMs;
    const readMs = sentMs + random() * 0.8;
    const rtpTimestamp = (((Math.round(readMs) * 90 + constant) % WRAP) + WRAP) % WRAP;
    return { sentMs, rtpTimestamp, captureAtMs: 1_000_000 + sentMs - 40 };
  });
}

function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / WRAP;
  };
}

describe('the capture time of a shown picture', () => {
  it('is that of its message, whatever the constant, the frame rate and how late pictures are shown', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: WRAP - 1 }),
        fc.constantFrom(5, 10, 15, 30),
        fc.integer({ min: 0, max: 5 }),
        fc.integer(),
        (constant, fps, shownLater, seed) => {
          const pictures = sent({ fps, jitterMs: 12, constant, random: randomOf(seed) }, 60);
          const times = new RtpTimes();
          pictures.forEach(({ sentMs, captureAtMs }, index) => {
            times.add({ captureAtMs, frame: { sentMs } });
            const shown = pictures[index - shownLater];
            if (shown === undefined) return;
            const found = times.captureAtMs(shown.rtpTimestamp);
            if (found !== undefined) expect(found).toBe(shown.captureAtMs);
          });
          expect(times.locked).toBe(true);
        },
      ),
      { numRuns: 200 },
    );
  });

  it('is unknown rather than wrong while pictures come like clockwork', () => {
    const times = new RtpTimes();
    for (const picture of sent({ fps: 10, jitterMs: 0, constant: 77, random: () => 0 }, 40)) {
      times.add({ captureAtMs: picture.captureAtMs, frame: { sentMs: picture.sentMs } });
      expect(times.captureAtMs(picture.rtpTimestamp)).toBeUndefined();
    }
  });

  it('of a picture that was not looked at is calculated from its neighbour', () => {
    const pictures = sent({ fps: 10, jitterMs: 9, constant: 4_000_000_000, random: randomOf(3) }, 40);
    const times = new RtpTimes();
    pictures.forEach(({ sentMs, captureAtMs, rtpTimestamp }, index) => {
      const looked = index % 2 === 0;
      if (looked) times.add({ captureAtMs, frame: { sentMs } });
      const found = times.captureAtMs(rtpTimestamp);
      if (found !== undefined) expect(Math.abs(found - captureAtMs)).toBeLessThanOrEqual(looked ? 0 : 2);
    });
    expect(times.locked).toBe(true);
  });

  it('is found again when the sender begins anew', () => {
    const times = new RtpTimes();
    const before = sent({ fps: 10, jitterMs: 9, constant: 1_000, random: randomOf(1) }, 80);
    const after = sent(
      { fps: 10, jitterMs: 9, constant: 3_000_000_000, random: randomOf(2), fromMs: 13_000 },
      80,
    );
    for (const { sentMs, captureAtMs, rtpTimestamp } of [...before, ...after]) {
      times.add({ captureAtMs, frame: { sentMs } });
      times.captureAtMs(rtpTimestamp);
    }
    const last = after.at(-1)!;
    expect(times.captureAtMs(last.rtpTimestamp)).toBe(last.captureAtMs);
  });
});
