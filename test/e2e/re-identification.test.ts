import { execFile } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { scratch } from '../fixtures/owned.ts';
import { describeWithTestData, testData } from '../fixtures/test-data.ts';
import { waitUntil } from '../fixtures/wait-until.ts';
import { watchHall } from '../fixtures/watched-hall.ts';

const run = promisify(execFile);
const VIDEO = testData('videos', 'one-by-one-person-detection.mp4');
/** Where the first visitor stands, at some seconds: width, height, left and top. */
const CROPS = [
  ['8.0', '160:392:364:10'],
  ['11.0', '138:392:382:14'],
] as const;

describeWithTestData('OSNet on real visitors', () => {
  it('knows the first of them by pictures, and does not take the second for the first', async () => {
    const gallery = await scratch('gallery');
    await mkdir(join(gallery, 'first'));
    for (const [index, [atS, crop]] of CROPS.entries()) {
      const picture = join(gallery, 'first', `${index}.jpg`);
      await run('ffmpeg', [
        '-v',
        'error',
        '-ss',
        atS,
        '-i',
        VIDEO,
        '-frames:v',
        '1',
        '-vf',
        `crop=${crop}`,
        picture,
      ]);
    }
    const hall = await watchHall(
      `file:${VIDEO}?realtime=1`,
      ['detect: { fps: 5 }', 'reid: { model: people, objects: [person] }'],
      [
        `reid: { people: { file: '${testData('models', 'other', 'osnet_x0_25_msmt17.onnx')}', gallery: '${gallery}' } }`,
      ],
    );
    const daemon = hall.start();
    await waitUntil(() => hall.of('object.ended').length >= 2, 'two visits', 90_000);
    const names = hall.of('object.ended').map(({ attributes }) => attributes.known_as?.value);
    expect(names.slice(0, 2)).toEqual(['first', undefined]);
    const { reid } = JSON.parse(hall.recorder.last('hall/state') ?? '{}');
    expect(reid.people).toMatchObject({ provider: 'cpu', lastError: null });
    expect(reid.people.crops.classified).toBeGreaterThanOrEqual(3);
    await daemon.stop();
  });
});
