import { expect, it } from 'vitest';
import { ObjectStage } from '../../src/app/object-stage.ts';
import { eventsOnly } from '../../src/app/pipeline-outlet.ts';
import { silentLogger } from '../../src/base/log.ts';
import { cameraSchema } from '../../src/config/camera-schema.ts';
import type { Frame } from '../../src/flow/frame.ts';
import { i420Bytes } from '../../src/flow/frame.ts';
import { InferenceGate } from '../../src/motion/inference-gate.ts';
import { MotionGate } from '../../src/motion/motion-gate.ts';

const size = { widthPx: 208, heightPx: 120 };

it('looks at a parked car by the heartbeat only, and never takes it for another', () => {
  const config = cameraSchema.parse({ source: 'sim://scene', detect: { fps: 5 } });
  const told: string[] = [];
  const objects = new ObjectStage({
    cameraId: 'front',
    config,
    minScore: 0.35,
    classifiers: new Map(),
    newObjectId: () => 'object-1',
    log: silentLogger,
    outlet: eventsOnly((draft) => told.push(draft.type)),
  });
  const motionGate = new MotionGate(config.motion);
  const gate = new InferenceGate(config.motion);
  const data = new Uint8Array(i420Bytes(size.widthPx, size.heightPx)).fill(128);
  for (let y = 60; y < 90; y++) for (let x = 80; x < 140; x++) data[y * 208 + x] = 40 + ((x * y) % 120);
  objects.start();
  let inferred = 0;
  for (let atMs = 0; atMs < 600_000; atMs += 200) {
    const times = { captureAtMs: atMs, captureMonoMs: atMs, decodedAtMs: atMs };
    const frame: Frame = {
      ...size,
      cameraId: 'front',
      seq: 1,
      data,
      source: size,
      times,
      colour: { matrix: 'bt601', range: 'limited' },
      release() {},
    };
    const motion = motionGate.observe(frame);
    if (gate.shouldInfer({ atMonoMs: atMs, motion, liveTracks: objects.following }) === null) continue;
    inferred += 1;
    objects.update([{ label: 'car', classId: 2, score: 0.8, boxPx: [80, 60, 140, 90] }], frame, atMs);
  }
  expect(told.filter((type) => type !== 'object.updated')).toEqual(['object.started']);
  expect(inferred).toBeGreaterThanOrEqual(600_000 / config.motion.heartbeatMs - 2);
  expect(inferred).toBeLessThan(600_000 / config.motion.heartbeatMs + 30);
});
