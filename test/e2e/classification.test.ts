import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import type { DomainEvent } from '../../src/flow/domain-event.ts';
import { COLOURS, type ColourClassifier, colourClassifier } from '../fixtures/classifier-onnx.ts';
import { Mosquitto } from '../fixtures/mosquitto.ts';
import { MqttRecorder } from '../fixtures/mqtt-recorder.ts';
import { Program } from '../fixtures/program.ts';
import { onnxModel } from '../fixtures/tiny-onnx.ts';
import { waitUntil } from '../fixtures/wait-until.ts';

const DEMO_MODEL = fileURLToPath(new URL('../../models/demo-scene.onnx', import.meta.url));
const FPS = 5;

type ObjectEvent = Extract<DomainEvent, { objectId: string }>;

const undo: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step();
});

/** A daemon that sees the same street twice, once with a classifier and once without. */
async function start(options: ColourClassifier) {
  const folder = await mkdtemp(join(tmpdir(), 'ocellus-classification-'));
  undo.push(() => rm(folder, { recursive: true, force: true }));
  await writeFile(join(folder, 'colours.onnx'), onnxModel(colourClassifier(options)));
  const broker = await Mosquitto.start();
  undo.push(() => broker.stop());
  const recorder = await MqttRecorder.connect(broker.url);
  undo.push(() => recorder.close());
  const camera = `source: 'sim://scene?seed=7&rate=60'
    detect: { fps: ${FPS} }
    motion: { mode: off }`;
  await writeFile(
    join(folder, 'ocellus.yaml'),
    `device: { id: e2e }
storage: { path: store }
mqtt: { url: '${broker.url}' }
models: { default: { file: '${DEMO_MODEL}' } }
classifiers: { colours: { file: colours.onnx, labels: [${COLOURS.join(', ')}], minScore: 0 } }
cameras:
  plain:
    ${camera}
  classified:
    ${camera}
    classify: { tint: { model: colours, objects: [person, car] } }
`,
  );
  const daemon = new Program(['run', '-c', join(folder, 'ocellus.yaml')]);
  undo.push(() => daemon.stop());
  const events = () => recorder.events().filter((event): event is ObjectEvent => 'objectId' in event);
  const state = () => JSON.parse(recorder.last('e2e/state') ?? '{}');
  return { daemon, events, state };
}

describe('a camera with a classifier', () => {
  it('tells attributes of believed objects, and those of no other camera', async () => {
    const { daemon, events, state } = await start({ gain: 100 });
    const told = () => events().filter(({ attributes }) => attributes.tint !== undefined);
    await waitUntil(() => told().filter(({ type }) => type === 'object.ended').length >= 2, 'ends', 90_000);
    await waitUntil(() => state().classifiers?.colours.crops.classified > 0, 'the report', 20_000);
    expect(state().classifiers.colours).toMatchObject({ provider: 'cpu', classes: 3, lastError: null });
    await daemon.stop();
    expect(new Set(told().map(({ cameraId }) => cameraId))).toEqual(new Set(['classified']));
    for (const { label, attributes } of told()) {
      expect(['person', 'car']).toContain(label);
      expect(Object.keys(attributes)).toEqual(['tint']);
      expect(COLOURS).toContain(attributes.tint!.value);
    }
    // Once known, an attribute is on every later event of its object.
    for (const { objectId } of told()) {
      const all = events().filter((event) => event.objectId === objectId);
      const first = all.findIndex(({ attributes }) => attributes.tint !== undefined);
      expect(all.slice(first).every(({ attributes }) => attributes.tint !== undefined)).toBe(true);
      expect(all[0]).toMatchObject({ type: 'object.started', attributes: {} });
    }
  });

  it('is inferred as often as one without, however slow the classifier is', async () => {
    const { state } = await start({ idleTurns: 1_000_000 });
    const inferred = (camera: string): number => state().cameras?.[camera]?.frames.inferred ?? 0;
    await waitUntil(() => inferred('plain') >= 15 * FPS, 'fifteen seconds of frames', 90_000);
    // Both cameras are measured on the same machine in the same seconds, so a busy one does not matter.
    expect(inferred('classified')).toBeGreaterThanOrEqual(0.9 * inferred('plain'));
    const { crops } = state().classifiers.colours;
    expect(crops.classified).toBeGreaterThan(3);
    expect(crops.replaced ?? 0).toBeGreaterThan(0);
  });
});
