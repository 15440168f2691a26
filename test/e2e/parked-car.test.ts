import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, it } from 'vitest';
import { lightSwitches } from '../../src/capture/sim/light.ts';
import { Scene } from '../../src/capture/sim/scene.ts';
import type { DomainEvent } from '../../src/flow/domain-event.ts';
import { iou, toNorm } from '../../src/flow/geometry.ts';
import { Program } from '../fixtures/program.ts';
import { readStoredEvents } from '../fixtures/stored-events.ts';
import { waitUntil } from '../fixtures/wait-until.ts';

const DEMO_MODEL = fileURLToPath(new URL('../../models/demo-scene.onnx', import.meta.url));
const LEAVE_S = 74;
const SCENE = {
  seed: 6,
  ratePerMinute: 12,
  light: 'sudden',
  parked: 1,
  parkedUntilMs: LEAVE_S * 1000,
} as const;

const undo: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step();
});

it('a parked car is one object through passers-by, a switch of the light and back, a crash and a restart, until it drives away', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'ocellus-parked-'));
  undo.push(() => rm(folder, { recursive: true, force: true }));
  const store = join(folder, 'store');
  const config = join(folder, 'ocellus.yaml');
  const run = async (startS: number, untilS: number, signal: NodeJS.Signals) => {
    await writeFile(config, configText(store, startS));
    const daemon = new Program(['run', '-c', config]);
    undo.push(() => daemon.stop());
    const opened = () => daemon.log.find(({ msg }) => msg === 'camera stream opened');
    await waitUntil(() => opened() !== undefined, 'pictures', 60_000);
    await sleep(Date.parse(String(opened()!.time)) + (untilS - startS) * 1000 - Date.now());
    daemon.kill(signal);
    await daemon.exited;
  };
  const [darkMs, brightMs] = lightSwitches('sudden', 0, LEAVE_S * 1000) as [number, number];
  const place = new Scene(SCENE).truthAt(0)[0]!;
  const isThere = (event: DomainEvent) =>
    'boxNorm' in event && iou(event.boxNorm, toNorm(place.boxPx, { widthPx: 1280, heightPx: 720 })) > 0.5;

  await run(darkMs / 1000 - 8, darkMs / 1000 + 4, 'SIGKILL');
  const [car] = readStoredEvents(store)
    .filter(({ type }) => type === 'object.started')
    .filter(isThere);
  const objectId = car !== undefined && 'objectId' in car ? car.objectId : undefined;
  expect(objectId).toBeTypeOf('string');
  expect(objectsAtRest(store)).toEqual([objectId]);
  await run(darkMs / 1000 + 5, brightMs / 1000 - 6, 'SIGTERM');
  expect(objectsAtRest(store)).toEqual([objectId]);
  await run(brightMs / 1000 - 5, LEAVE_S + 10, 'SIGTERM');

  const events = readStoredEvents(store).filter((event) => 'label' in event && event.label === 'car');
  expect(events.filter((event) => event.type === 'object.started' && isThere(event))).toHaveLength(1);
  const ends = events.filter((event) => event.type === 'object.ended' && event.objectId === objectId);
  expect(ends).toMatchObject([{ cause: 'gone', startedAtMs: car!.atMs }]);
  expect(objectsAtRest(store)).toEqual([]);
});

function configText(store: string, startS: number): string {
  const { seed, ratePerMinute, light, parked } = SCENE;
  return `device: { id: kerb }
storage: { path: '${store}' }
models: { default: { file: '${DEMO_MODEL}' } }
cameras:
  street:
    source: sim://scene?seed=${seed}&rate=${ratePerMinute}&light=${light}&parked=${parked}&leave=${LEAVE_S}&start=${startS}
    detect: { fps: 5 }
    objects: { car: {} }
`;
}

function objectsAtRest(store: string): string[] {
  const file = join(store, 'scene', 'street.json');
  if (!existsSync(file)) return [];
  const { objects } = JSON.parse(readFileSync(file, 'utf8')) as { objects: { objectId: string }[] };
  return objects.map(({ objectId }) => objectId);
}
