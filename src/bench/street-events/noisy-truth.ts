import { seededRandom } from '../../base/random.ts';
import { isSeen, JITTER } from './truth.ts';
import type { Detect } from './watch.ts';

const MISSED = 0.1;
/** Share of frames with a box of nothing. */
const INVENTED = 0.02;
const LABELS = ['person', 'car', 'bicycle'];

/** A detector that knows the truth, misses one box in ten, trembles and invents boxes. */
export function noisyTruth(seed: number): Detect {
  const random = seededRandom(seed);
  return ({ source: { widthPx, heightPx } }, truth) => {
    const clip = (value: number, most: number) => Math.min(most, Math.max(0, value));
    const detections = truth
      .filter((object) => isSeen(object) && random() >= MISSED)
      .map(({ label, boxPx: [x1, y1, x2, y2] }) => {
        const shift = (size: number) => (random() - 0.5) * 2 * JITTER * size;
        const [dx, dy] = [shift(x2 - x1), shift(y2 - y1)];
        return {
          label,
          classId: LABELS.indexOf(label),
          score: 0.5 + 0.5 * random(),
          boxPx: [
            clip(x1 + dx, widthPx),
            clip(y1 + dy, heightPx),
            clip(x2 + dx, widthPx),
            clip(y2 + dy, heightPx),
          ] as const,
        };
      });
    if (random() < INVENTED) {
      const [x, y] = [random() * widthPx * 0.9, random() * heightPx * 0.9];
      detections.push({ label: 'person', classId: 0, score: 0.4, boxPx: [x, y, x + 40, y + 80] });
    }
    return detections;
  };
}
