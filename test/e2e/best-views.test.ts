import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterEach, expect, it } from 'vitest';
import type { DomainEvent } from '../../src/flow/domain-event.ts';
import { Mosquitto } from '../fixtures/mosquitto.ts';
import { MqttRecorder } from '../fixtures/mqtt-recorder.ts';
import { Program } from '../fixtures/program.ts';
import { startRtspServer } from '../fixtures/rtsp-server.ts';
import { describeWithTestData, testData } from '../fixtures/test-data.ts';
import { waitUntil } from '../fixtures/wait-until.ts';

const VIDEO = testData('videos', 'one-by-one-person-detection.mp4');
/** The detector's pictures are this wide, those of the camera 768. */
const DETECT_WIDTH = 416;
const SIZE = { width: 768, height: 432 };

type ObjectEvent = Extract<DomainEvent, { objectId: string }>;

const undo: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step();
});

/** Everything that lives for one test ends with it. */
function owned<T>(value: T, end: (value: T) => Promise<unknown>): T {
  undo.push(() => end(value));
  return value;
}

async function daemonOn(source: string, more = '') {
  const folder = owned(await mkdtemp(join(tmpdir(), 'ocellus-views-')), (path) =>
    rm(path, { recursive: true, force: true }),
  );
  const broker = owned(await Mosquitto.start(), (server) => server.stop());
  const recorder = owned(await MqttRecorder.connect(broker.url), (client) => client.close());
  const config = join(folder, 'ocellus.yaml');
  await writeFile(
    config,
    `device: { id: views }
mqtt: { url: '${broker.url}' }
models: { default: { file: '${testData('models', 'coco', 'yolox_nano_416.onnx')}' } }
storage: { path: '${folder}', reserveMiB: 0 }
cameras:
  hall:
    source: ${source}
    detect: { fps: 5 }
    objects: { person: {} }
${more}`,
  );
  const daemon = owned(new Program(['run', '-c', config]), (program) => program.stop());
  return { folder, recorder, daemon };
}

const ofType = (recorder: MqttRecorder, type: ObjectEvent['type']) =>
  recorder.events().filter((event): event is ObjectEvent => event.type === type);

/** The picture that the camera gives on command. */
async function commanded(recorder: MqttRecorder): Promise<Buffer> {
  const answer = () => recorder.messages.find(({ topic }) => topic === 'ocellus/views/cameras/hall/snapshot');
  await recorder.publish('ocellus/views/cameras/hall/set/snapshot', '');
  await waitUntil(() => answer() !== undefined, 'the picture on command');
  return answer()!.payload;
}

describeWithTestData('the best view of a visit to an RTSP camera', () => {
  it('is the picture of its moment at the size of the camera: on disk, in the event and retained', async () => {
    const camera = owned(await startRtspServer({ file: VIDEO }), (server) => server.stop());
    const { folder, recorder, daemon } = await daemonOn(camera.url());
    await waitUntil(() => ofType(recorder, 'object.started').length > 0, 'somebody to come', 60_000);
    expect(await sharp(await commanded(recorder)).metadata()).toMatchObject({ format: 'jpeg', ...SIZE });
    await waitUntil(() => ofType(recorder, 'object.ended').length > 0, 'somebody to go', 60_000);
    const ended = ofType(recorder, 'object.ended')[0]!;
    const started = ofType(recorder, 'object.started').find(({ objectId }) => objectId === ended.objectId)!;
    const day = new Date(started.startedAtMs).toISOString().slice(0, 10);
    const time = new Date(started.startedAtMs).toISOString().slice(11, 23).replaceAll(':', '-');
    expect(ended.snapshot).toBe(`snapshots/hall/${day}/${time}-${ended.objectId}.jpg`);
    expect(started.snapshot).toBe(ended.snapshot);
    await daemon.stop();

    const picture = await readFile(join(folder, ended.snapshot!));
    expect(await sharp(picture).metadata()).toMatchObject({ format: 'jpeg', ...SIZE });
    const crop = await readFile(join(folder, ended.snapshot!.replace('.jpg', '.crop.jpg')));
    const cropSize = await sharp(crop).metadata();
    expect(cropSize.width).toBeLessThan(SIZE.width / 2);

    // The detector, asked about nothing but the picture, finds the object where the crop was cut.
    const model = testData('models', 'coco', 'yolox_nano_416.onnx');
    const detect = new Program(['detect', join(folder, ended.snapshot!), '--model', model, '--json']);
    await detect.exited;
    const { detections } = JSON.parse(detect.stdout) as {
      detections: { label: string; score: number; boxPx: [number, number, number, number] }[];
    };
    const person = detections.filter(({ label }) => label === 'person').sort((a, b) => b.score - a.score)[0]!;
    expect(person.score).toBeGreaterThan(0.5);
    const [x1, y1, x2, y2] = person.boxPx;
    const at = await placeOf(crop, picture);
    const box = { width: x2 - x1, height: y2 - y1 };
    expect(at.left).toBeLessThanOrEqual(x1 + 0.1 * box.width);
    expect(at.top).toBeLessThanOrEqual(y1 + 0.1 * box.height);
    expect(at.left + cropSize.width!).toBeGreaterThanOrEqual(x2 - 0.1 * box.width);
    expect(at.top + cropSize.height!).toBeGreaterThanOrEqual(y2 - 0.1 * box.height);
    expect((cropSize.width! * cropSize.height!) / (box.width * box.height)).toBeLessThan(4);

    const shown = recorder.messages.filter(
      ({ topic }) => topic === 'ocellus/views/cameras/hall/snapshot/person',
    );
    for (const { payload } of shown) expect(await sharp(payload).metadata()).toMatchObject(SIZE);
    const crops = recorder.messages.filter(
      ({ topic }) => topic === 'ocellus/views/cameras/hall/snapshot/person/crop',
    );
    expect(crops.length).toBe(shown.length);
    expect(shown.at(-1)!.payload.equals(picture) || ofType(recorder, 'object.started').length > 1).toBe(true);
    const names = await readdir(join(folder, 'snapshots'), { recursive: true });
    expect(names.filter((name) => name.endsWith('.part'))).toEqual([]);
  });

  it('has the size of detection where that is asked for, as has the picture on command', async () => {
    const camera = owned(await startRtspServer({ file: VIDEO }), (server) => server.stop());
    const { folder, recorder } = await daemonOn(camera.url(), '    snapshots: { fullSize: false }\n');
    await waitUntil(() => ofType(recorder, 'object.started').length > 0, 'somebody to come', 90_000);
    const { snapshot } = ofType(recorder, 'object.started')[0]!;
    const file = () => readFile(join(folder, snapshot!)).catch(() => undefined);
    await waitUntil(async () => (await file()) !== undefined, 'the view to be written');
    expect(await sharp(await file()).metadata()).toMatchObject({ width: DETECT_WIDTH });
    expect(await sharp(await commanded(recorder)).metadata()).toMatchObject({ width: DETECT_WIDTH });
  });
});

interface Grey {
  readonly data: Buffer;
  readonly info: { readonly width: number; readonly height: number };
}

const grey = (jpeg: Buffer): Promise<Grey> =>
  sharp(jpeg).greyscale().raw().toBuffer({ resolveWithObject: true });

/** Where in a picture its crop was cut, px: the place where it differs least. */
async function placeOf(cropJpeg: Buffer, pictureJpeg: Buffer): Promise<{ left: number; top: number }> {
  const [crop, picture] = await Promise.all([grey(cropJpeg), grey(pictureJpeg)]);
  let best = { left: 0, top: 0, off: Number.POSITIVE_INFINITY };
  for (let top = 0; top <= picture.info.height - crop.info.height; top++) {
    for (let left = 0; left <= picture.info.width - crop.info.width; left++) {
      const off = differenceAt(crop, picture, left, top, best.off);
      if (off < best.off) best = { left, top, off };
    }
  }
  return best;
}

/** Of every 11th pixel; no further than `most`. */
function differenceAt(crop: Grey, picture: Grey, left: number, top: number, most: number): number {
  let off = 0;
  for (let at = 0; at < crop.data.length && off < most; at += 11) {
    const x = at % crop.info.width;
    const y = (at - x) / crop.info.width;
    off += Math.abs(crop.data[at]! - picture.data[(top + y) * picture.info.width + left + x]!);
  }
  return off;
}
