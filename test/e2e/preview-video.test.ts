import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { launchChromium } from '../fixtures/chromium.ts';
import { makeNumberedClip } from '../fixtures/numbered-clip.ts';
import { PreviewDaemon } from '../fixtures/preview-daemon.ts';
import { type RtspServer, startRtspServer } from '../fixtures/rtsp-server.ts';
import { type MseSeen, watchMse, watchWebRtc } from '../fixtures/watching-page.ts';

const FPS = 25;
const CLIP_MS = 10_000;
const FRAMES_ON_THEIR_WAY = 3;

let folder: string;
let camera: RtspServer;
let daemon: PreviewDaemon;
let browser: Browser;
let page: Page;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ocellus-video-'));
  const path = join(folder, 'numbers.mp4');
  await makeNumberedClip({
    ...{ path, fps: FPS, seconds: CLIP_MS / 1000, widthPx: 640, heightPx: 360 },
    keyframeEvery: 2 * FPS,
  });
  camera = await startRtspServer({ file: path, plays: 60 });
  daemon = await PreviewDaemon.start({
    cameras: {
      yard: {
        source: camera.url(),
        detect: { fps: 10 },
        capture: { backoffInitialMs: 100, backoffMaxMs: 500 },
      },
      street: { source: 'sim://street?seed=7', detect: { fps: 10 } },
    },
  });
  await daemon.live('yard', 'street');
  browser = await launchChromium();
  page = await browser.newPage();
  await page.goto(`${daemon.url}/healthz`);
});
afterAll(async () => {
  await browser?.close();
  await daemon?.stop();
  await camera?.stop();
  await rm(folder, { recursive: true, force: true });
});

/** How long ago the camera sent the picture with this number, ms; it sends the clip again and again. */
function ageMs(number: number, wallMs: number): number {
  const sentMs = camera.playsAtMs.at(-1)! + (number * 1000) / FPS;
  return (((wallMs - sentMs) % CLIP_MS) + CLIP_MS) % CLIP_MS;
}

function p95(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length * 0.95)] ?? Number.NaN;
}

/** From when the camera sent each picture to when it was captured, as the page is told over the own video, ms. */
function captureLagsMs({ frames, messages }: Pick<MseSeen, 'frames' | 'messages'>): number[] {
  const clocks = messages.filter(({ type }) => type === 'clock') as unknown as {
    mediaTimeS: number;
    captureAtMs: number;
  }[];
  return frames.map(({ number, mediaTimeS }) => {
    const clock = clocks.findLast((other) => other.mediaTimeS <= mediaTimeS + 0.001) ?? clocks[0]!;
    return ageMs(number, clock.captureAtMs + (mediaTimeS - clock.mediaTimeS) * 1000);
  });
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

/** How many frames of a camera were not inferred so far. */
async function framesOf(cameraId: string): Promise<{ missed: number }> {
  const reply = await fetch(`${daemon.url}/api/cameras/${cameraId}`);
  const { captured = 0, inferred = 0 } = ((await reply.json()) as { frames: Record<string, number> }).frames;
  return { missed: captured - inferred };
}

describe("the camera's own video in a browser", () => {
  it('moves within 2 s, is less than 1.5 s old, and tells when each picture was captured', async () => {
    const { frames, messages, firstMs } = await watchMse(page, 'yard', 12_000);
    expect(messages[0]).toMatchObject({ type: 'init', mime: 'video/mp4; codecs="avc1.42C01E"' });
    expect(firstMs).toBeLessThan(2_000);
    expect(frames.length).toBeGreaterThan(8 * FPS);
    const settled = frames.slice(2 * FPS);
    expect(p95(settled.map(({ number, wallMs }) => ageMs(number, wallMs)))).toBeLessThan(1_500);
    for (const lagMs of captureLagsMs({ frames: settled, messages })) {
      // Captured is when it arrived: a little after it was sent, and the same for all.
      expect(lagMs).toBeLessThan(250);
    }
  });

  it('goes on in the same connection when the camera comes back', async () => {
    const watching = watchMse(page, 'yard', 14_000);
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    const { port } = camera;
    await camera.kill();
    camera = await startRtspServer({ file: join(folder, 'numbers.mp4'), plays: 60, port });
    const { messages, frames } = await watching;
    expect(messages.filter(({ type }) => type === 'init')).toHaveLength(2);
    const last = frames.at(-1)!;
    expect(ageMs(last.number, last.wallMs)).toBeLessThan(1_500);
    expect(messages.filter(({ type }) => type === 'closed')).toEqual([]);
  });

  it('is not there for a simulated camera, which says so and what to do', async () => {
    const { messages } = await watchMse(page, 'street', 1_000);
    expect(messages[0]).toMatchObject({
      type: 'unavailable',
      reason: 'a simulated camera has no encoded video',
      hint: expect.stringContaining('WebRTC'),
    });
  });
});

describe('WebRTC in a browser', () => {
  it('moves within 2 s, is less than 300 ms old, and names every picture that has tracks', async () => {
    // How long after it was sent a picture is captured is the same for all of one connection to the camera.
    const own = await watchMse(page, 'yard', 3_000);
    const lagMs = median(captureLagsMs({ ...own, frames: own.frames.slice(FPS) }));
    const before = await framesOf('yard');
    const { frames, tracks, firstMs } = await watchWebRtc(page, 'yard', 12_000);
    const after = await framesOf('yard');
    expect(firstMs).toBeLessThan(2_000);
    const settled = frames.slice(20);
    expect(settled.length).toBeGreaterThan(60);
    expect(p95(settled.map(({ number, wallMs }) => ageMs(number, wallMs)))).toBeLessThan(300);

    // The constant between RTP timestamps and the sender's clock is the difference that most pairs share.
    const difference = (rtpTimestamp: number, sentMs: number) =>
      (((rtpTimestamp - sentMs * 90) % 2 ** 32) + 2 ** 32) % 2 ** 32;
    const votes = new Map<number, number>();
    for (const { rtpTimestamp } of settled) {
      for (const { frame } of tracks) {
        const bin = Math.round(difference(rtpTimestamp, frame.sentMs) / 270);
        votes.set(bin, (votes.get(bin) ?? 0) + 1);
      }
    }
    const [most] = [...votes].sort((a, b) => b[1] - a[1])[0]!;
    const named = settled.flatMap(({ number, rtpTimestamp }) => {
      const its = tracks.find(
        ({ frame }) => Math.abs(difference(rtpTimestamp, frame.sentMs) / 270 - most) <= 1.2,
      );
      return its === undefined ? [] : [{ number, captureAtMs: its.captureAtMs }];
    });
    // Only a frame that was not inferred, or is still on its way, has a picture without tracks.
    const unnamed = settled.length - named.length;
    expect(unnamed).toBeLessThanOrEqual(after.missed - before.missed + FRAMES_ON_THEIR_WAY);
    expect(named.length).toBeGreaterThan(0.5 * settled.length);
    // The message belongs to the very picture: its capture time and the number in the picture agree, for all of them.
    const offsMs = named.map(({ number, captureAtMs }) => Math.abs(ageMs(number, captureAtMs) - lagMs));
    expect(Math.max(...offsMs)).toBeLessThan(1000 / FPS);
  });
});
