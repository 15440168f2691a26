import { type Clock, SystemClock } from '../base/clock.ts';
import { Scene } from '../capture/sim/scene.ts';
import { i420Bytes } from '../flow/frame.ts';
import { MotionGate } from '../motion/motion-gate.ts';

export interface MotionCost {
  /** Frames measured. */
  readonly frames: number;
  /** Milliseconds per frame: median, and 95 of 100 frames are below `p95Ms`. */
  readonly medianMs: number;
  readonly p95Ms: number;
}

const SIZE = { widthPx: 416, heightPx: 234 };
const FPS = 5;
/** Pictures drawn beforehand and shown again and again. */
const PICTURES = 50;
const PASSES = 12;
const WARM_UP_PASSES = 3;

/** What the motion gate costs per frame of 416x234 of a street with traffic, without the cost of drawing it. */
export function measureMotionCost(clock: Clock = new SystemClock()): MotionCost {
  const scene = new Scene({ seed: 3 });
  const pictures = Array.from({ length: PICTURES }, (_, n) => {
    const data = new Uint8Array(new SharedArrayBuffer(i420Bytes(SIZE.widthPx, SIZE.heightPx)));
    scene.draw(20_000 + (n * 1000) / FPS, { ...SIZE, data });
    return data;
  });
  const gate = new MotionGate({ sensitivity: 0.5, masks: [] });
  const tookMs: number[] = [];
  for (let n = 0; n < (WARM_UP_PASSES + PASSES) * PICTURES; n++) {
    const frame = { ...SIZE, data: pictures[n % PICTURES]!, times: { captureMonoMs: (n * 1000) / FPS } };
    const startMs = clock.monoMs();
    gate.observe(frame);
    if (n >= WARM_UP_PASSES * PICTURES) tookMs.push(clock.monoMs() - startMs);
  }
  tookMs.sort((a, b) => a - b);
  const at = (q: number) => tookMs[Math.floor(q * (tookMs.length - 1))]!;
  return { frames: tookMs.length, medianMs: at(0.5), p95Ms: at(0.95) };
}
