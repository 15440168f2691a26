import { readdirSync } from 'node:fs';
import { ObjectStage } from '../app/object-stage.ts';
import { eventsOnly } from '../app/pipeline-outlet.ts';
import { silentLogger } from '../base/log.ts';
import { seededRandom } from '../base/random.ts';
import { Scene, type TruthObject } from '../capture/sim/scene.ts';
import { cameraSchema } from '../config/camera-schema.ts';
import type { Detection } from '../flow/detection.ts';
import type { Frame } from '../flow/frame.ts';
import type { SizePx } from '../flow/geometry.ts';
import { collectGarbage } from './collect-garbage.ts';

export interface GrowthResult {
  readonly hours: number;
  readonly frames: number;
  readonly events: number;
  /** Heap and buffers after garbage collection, end against the end of the first tenth. */
  readonly heapMiB: number;
  readonly handles: number;
  readonly threads: number;
}

const FPS = 5;
/** So much of the street's truth is worked out, and seen again and again with other noise. */
const SCENE_MINUTES = 5;
const LABELS = ['person', 'car', 'bicycle'];
/** The detector of this measurement misses, trembles and invents like a real one. */
const NOISE = { missed: 0.1, jitter: 0.02, invented: 0.02 };

/**
 * Puts `hours` of a street's detections at 5 fps through tracking, rules and events, as fast as it goes, and looks at
 * what has grown since the first tenth.
 */
export function measureGrowth(hours: number): GrowthResult {
  let events = 0;
  const stage = new ObjectStage({
    cameraId: 'street',
    config: cameraSchema.parse({
      source: 'sim://scene',
      lines: { middle: { from: [0.5, 1], to: [0.5, 0] } },
    }),
    minScore: 0.35,
    classifiers: new Map(),
    newObjectId: (atMs) => `object-${atMs}`,
    log: silentLogger,
    outlet: eventsOnly(() => {
      events += 1;
    }),
  });
  const scene = new Scene({ seed: 3 });
  const truth = Array.from({ length: SCENE_MINUTES * 60 * FPS }, (_, n) => scene.truthAt((n * 1000) / FPS));
  const random = seededRandom(5);
  const frames = Math.round(hours * 3600 * FPS);
  let early = standing();
  for (let n = 0; n < frames; n++) {
    const atMs = (n * 1000) / FPS;
    stage.update(
      noisy(truth[n % truth.length]!, scene.options.source, random),
      emptyFrame(n, atMs, scene),
      atMs,
    );
    if (n === Math.floor(frames / 10)) early = standing();
  }
  const late = standing();
  return {
    hours,
    frames,
    events,
    heapMiB: late.heapMiB - early.heapMiB,
    handles: late.handles - early.handles,
    threads: late.threads - early.threads,
  };
}

function noisy(truth: readonly TruthObject[], size: SizePx, random: () => number): Detection[] {
  const detections = truth
    .filter(() => random() >= NOISE.missed)
    .map(({ label, boxPx: [x1, y1, x2, y2] }): Detection => {
      const shift = (size: number) => (random() - 0.5) * 2 * NOISE.jitter * size;
      const dx = shift(x2 - x1);
      const dy = shift(y2 - y1);
      const score = 0.5 + 0.5 * random();
      return { label, classId: LABELS.indexOf(label), score, boxPx: [x1 + dx, y1 + dy, x2 + dx, y2 + dy] };
    });
  if (random() < NOISE.invented) {
    const x = random() * size.widthPx * 0.9;
    const y = random() * size.heightPx * 0.9;
    detections.push({ label: 'person', classId: 0, score: 0.4, boxPx: [x, y, x + 40, y + 80] });
  }
  return detections;
}

function emptyFrame(n: number, atMs: number, scene: Scene): Frame {
  return {
    cameraId: 'street',
    seq: n + 1,
    widthPx: 0,
    heightPx: 0,
    data: new Uint8Array(0),
    colour: { matrix: 'bt601', range: 'limited' },
    source: scene.options.source,
    times: { captureAtMs: atMs, captureMonoMs: atMs, decodedAtMs: atMs },
    release() {},
  };
}

/** What stands now, garbage excluded. */
function standing(): { heapMiB: number; handles: number; threads: number } {
  collectGarbage();
  const { heapUsed, external, arrayBuffers } = process.memoryUsage();
  return {
    heapMiB: (heapUsed + external + arrayBuffers) / 2 ** 20,
    handles: process.getActiveResourcesInfo().length,
    threads: readdirSync('/proc/self/task').length,
  };
}
