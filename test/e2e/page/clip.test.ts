import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page, Response } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { screenshot } from '../../fixtures/browser.ts';
import { type RtspServer, startRtspServer } from '../../fixtures/rtsp-server.ts';
import { waitUntil } from '../../fixtures/wait-until.ts';
import { violations } from './accessibility.ts';
import { PageRig } from './rig.ts';
import { writeStreetClip } from './street-clip.ts';

/** From 8 s to 14.6 s of this scene one person walks by. */
const STREET = { seed: 34, ratePerMinute: 8, noise: 0, light: 'steady' } as const;

let folder: string;
let camera: RtspServer;
let rig: PageRig;
/** The visit that was recorded. */
let visit: { readonly objectId: string; readonly eventId: string; readonly clip: string };
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ocellus-clip-'));
  const file = join(folder, 'street.mp4');
  await writeStreetClip(file, STREET, 5_000, 13);
  camera = await startRtspServer({ file });
  rig = await PageRig.start({
    cameras: `  street:
    source: ${camera.url()}
    detect: { fps: 10 }
    record: { enabled: true, preRollMs: 1000, postRollMs: 1000 }
    snapshots: { enabled: true }
`,
  });
  const complete = () => rig.daemon.log.some(({ msg }) => msg === 'clip complete');
  await waitUntil(complete, 'a clip', 40_000);
  const answer = await fetch(`${rig.url}api/events?limit=50`);
  const { events } = (await answer.json()) as {
    events: { objectId: string; eventId: string; clip?: string }[];
  };
  const recorded = events.find(({ clip }) => clip !== undefined && clip !== null)!;
  visit = { ...recorded, clip: recorded.clip! };
}, 90_000);
afterAll(async () => {
  await rig?.stop();
  await camera?.stop();
  await rm(folder, { recursive: true, force: true });
});

/**
 * What an image or a video element shows, as the standard deviation of grey values in each quarter of its height, 0..128;
 * the function runs in the page.
 */
const STRUCTURE = `(selector) => {
  const pen = new OffscreenCanvas(64, 64).getContext('2d');
  pen.drawImage(document.querySelector(selector), 0, 0, 64, 64);
  return [0, 16, 32, 48].map((top) => {
    const { data } = pen.getImageData(0, top, 64, 16);
    const luma = Array.from({ length: 1024 }, (_, i) => (data[i * 4] + data[i * 4 + 1] + data[i * 4 + 2]) / 3);
    const mean = luma.reduce((sum, value) => sum + value, 0) / 1024;
    return Math.sqrt(luma.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 1024);
  });
}`;

/** A whole picture: neither black, nor with a part that is one colour because it could not be decoded. */
async function expectWholePicture(page: Page, selector: string): Promise<void> {
  const structure = (await page.evaluate(`(${STRUCTURE})(${JSON.stringify(selector)})`)) as number[];
  expect(Math.min(...structure), structure.join(' ')).toBeGreaterThan(4);
}

/** The dialog of the recorded visit, and what the device answered for its clip. */
async function openVisit(): Promise<{ page: Page; answers: Response[]; errors: readonly string[] }> {
  const { page, errors } = await rig.open('#/events');
  const answers: Response[] = [];
  page.on('response', (response) => {
    if (response.url().endsWith('/clip.mp4')) answers.push(response);
  });
  await page.locator(`.entry[data-object-id="${visit.objectId}"]`).click();
  await page.getByRole('dialog').waitFor();
  return { page, answers, errors };
}

describe('a recorded visit on the page', () => {
  test('has a thumbnail that shows it', async () => {
    const { page } = await rig.open('#/events');
    const thumbnail = `.entry[data-object-id="${visit.objectId}"] img.thumb`;
    const loaded = `document.querySelector(${JSON.stringify(thumbnail)})?.naturalWidth > 0`;
    await waitUntil(async () => (await page.evaluate(loaded)) === true, 'the thumbnail');
    await expectWholePicture(page, thumbnail);
  });

  test('plays, and goes to where it is asked to', async () => {
    const { page, answers, errors } = await openVisit();
    const video = 'video.dialog-media';
    const state = () =>
      page.evaluate(`(() => {
        const { currentTime, duration, readyState, error } = document.querySelector('${video}');
        return { currentTime, duration, readyState, error: error?.message ?? null };
      })()`) as Promise<{ currentTime: number; duration: number; readyState: number; error: string | null }>;
    // It begins by itself.
    await waitUntil(async () => (await state()).currentTime > 0.5, 'the clip to play');
    const { duration, error } = await state();
    expect(error).toBeNull();
    expect(duration).toBeGreaterThan(3);
    await expectWholePicture(page, video);
    await screenshot(page, 'clip');
    expect(await violations(page)).toEqual([]);

    const seek = (toS: number) =>
      page.evaluate(`new Promise((resolve) => {
        const video = document.querySelector('${video}');
        video.pause();
        video.addEventListener('seeked', () => resolve(video.currentTime), { once: true });
        video.currentTime = ${toS};
      })`);
    for (const share of [0.9, 0.1, 0.6]) {
      expect(await seek(duration * share)).toBeCloseTo(duration * share, 1);
      await expectWholePicture(page, video);
    }
    // Browsers ask for parts, of which the device sends those.
    expect(answers.length).toBeGreaterThan(0);
    for (const answer of answers) {
      expect(answer.request().headers().range).toMatch(/^bytes=\d+-/);
      expect(answer.status()).toBe(206);
    }
    expect(errors).toEqual([]);
  });

  test('part of it is served as it was asked for', async () => {
    const url = `${rig.url}api/events/${visit.eventId}/clip.mp4`;
    const whole = Buffer.from(await (await fetch(url)).arrayBuffer());
    const part = await fetch(url, { headers: { range: `bytes=1000-1999` } });
    expect([part.status, part.headers.get('content-range')]).toEqual([
      206,
      `bytes 1000-1999/${whole.length}`,
    ]);
    expect(Buffer.from(await part.arrayBuffer())).toEqual(whole.subarray(1000, 2000));
    const beyond = await fetch(url, { headers: { range: `bytes=${whole.length}-` } });
    expect(beyond.status).toBe(416);
  });

  test('says that the clip is gone when it is, and shows the best view instead', async () => {
    await rm(join(rig.folder, 'data', visit.clip));
    const { page, errors } = await openVisit();
    await page.getByRole('dialog').getByText('The clip is not complete yet, or was deleted.').waitFor();
    const image = 'img.dialog-media';
    const loaded = `document.querySelector('${image}')?.naturalWidth > 0`;
    await waitUntil(async () => (await page.evaluate(loaded)) === true, 'the best view');
    await expectWholePicture(page, image);
    await screenshot(page, 'clip-gone');
    expect(await violations(page)).toEqual([]);
    expect(errors).toEqual([]);
  });
});
