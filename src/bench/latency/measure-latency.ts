import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Browser, Page } from 'playwright-core';
import { OcellusError } from '../../base/errors.ts';
import { type MachineRecord, machineRecord } from '../../device/machine-record.ts';
import { withPreviewDaemon } from '../preview-daemon.ts';
import { serveEncodedScene } from './encoded-scene.ts';
import { beginReading, readPictures, type ShownPicture } from './glass-reader.ts';

export interface LatencyOptions {
  /** Path to an `.onnx`. */
  readonly model: string;
  readonly minutes: number;
  /** The browser. */
  readonly chromium: string;
  readonly onProgress: (what: string) => void;
}

/** From a picture's capture to when the browser shows it, ms. */
export interface LatencyQuantiles {
  readonly pictures: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
}

export interface TransportLatency {
  /** Of the first minute, and of the last; the same when it took no longer. */
  readonly first: LatencyQuantiles;
  readonly last: LatencyQuantiles;
  readonly worstMs: number;
  readonly pictures: number;
  /** Pictures whose time could not be read. */
  readonly unread: number;
}

export interface LatencyResult {
  readonly machine: MachineRecord;
  readonly minutes: number;
  /** Of the whole machine in the last minute: beyond 1 it is not the program alone that is measured. */
  readonly loadPerCpu: number;
  readonly transports: Readonly<Record<LiveWay, TransportLatency>>;
}

/** Each way to watch, and which camera is watched by it. */
const WAYS = { webrtc: 'drawn', mse: 'encoded', mjpeg: 'drawn' } as const;
export type LiveWay = keyof typeof WAYS;

const DETECT_FPS = 10;
const MINUTE_MS = 60_000;
/** A player has settled by then. */
const SETTLE_MS = 3_000;
const READY_DEADLINE_MS = 30_000;

/**
 * Measures glass to glass: a time code is drawn into the simulated scene and read back from the page's own picture in Chromium,
 * all ways at once. WebRTC and motion JPEG show `sim://`; MSE, which needs encoded video, the same scene as H.264 over HTTP.
 * @throws OcellusError `tool_missing` without ffmpeg, Chromium or playwright-core
 */
export async function measureLatency(options: LatencyOptions): Promise<LatencyResult> {
  const { model, minutes, onProgress } = options;
  const folder = await mkdtemp(join(tmpdir(), 'ocellus-latency-'));
  const scene = await serveEncodedScene();
  const cameras = {
    drawn: { source: 'sim://scene?seed=7&timecode=1', fps: DETECT_FPS },
    encoded: { source: scene.url, fps: DETECT_FPS },
  };
  try {
    return await withPreviewDaemon({ cameras, model, folder }, async (_daemon, url) => {
      const browser = await launch(options.chromium);
      try {
        onProgress(`watching for ${minutes} min by ${Object.keys(WAYS).join(', ')} at once`);
        const watched = Object.entries(WAYS).map(async ([way, cameraId]) => {
          const page = await watch(browser, `${url}/#/cameras/${cameraId}`, way);
          await sleep(SETTLE_MS);
          await beginReading(page);
          await sleep(minutes * MINUTE_MS);
          return [way, latencyOf(await readPictures(page))] as const;
        });
        const transports = Object.fromEntries(await Promise.all(watched)) as LatencyResult['transports'];
        const loadPerCpu = loadavg()[0]! / availableParallelism();
        return { machine: await machineRecord(), minutes, loadPerCpu, transports };
      } finally {
        await browser.close();
      }
    });
  } finally {
    await scene.close();
    await rm(folder, { recursive: true, force: true });
  }
}

/** playwright-core is there where the repository is worked on, and not where the program is only installed. */
async function launch(executablePath: string): Promise<Browser> {
  try {
    const { chromium } = await import('playwright-core');
    return await chromium.launch({
      executablePath,
      // The benchmark may run as root in a container, where Chromium's own sandbox cannot be set up.
      args: ['--no-sandbox', '--autoplay-policy=no-user-gesture-required'],
    });
  } catch (cause) {
    throw new OcellusError('tool_missing', 'Chromium cannot be started', {
      hint: 'run `npm ci` in the repository and apt-get install chromium, or name yours in CHROMIUM',
      cause,
    });
  }
}

/** The camera's page as a person opens it, held to one way. */
async function watch(browser: Browser, url: string, way: string): Promise<Page> {
  const context = await browser.newContext({ viewport: { width: 1000, height: 700 } });
  const page = await context.newPage();
  page.setDefaultTimeout(READY_DEADLINE_MS);
  await page.goto(url);
  await page.getByLabel('Live by').selectOption(way);
  await page.waitForSelector(`.live[data-transport="${way}"][data-playing="true"]`);
  return page;
}

function latencyOf(shown: { readonly pictures: readonly ShownPicture[]; readonly unread: number }) {
  const { pictures, unread } = shown;
  const [startMs, endMs] = [pictures[0]?.shownAtMs ?? 0, pictures.at(-1)?.shownAtMs ?? 0];
  return {
    first: quantilesOf(pictures.filter(({ shownAtMs }) => shownAtMs < startMs + MINUTE_MS)),
    last: quantilesOf(pictures.filter(({ shownAtMs }) => shownAtMs > endMs - MINUTE_MS)),
    worstMs: Math.max(...pictures.map(({ ageMs }) => ageMs)),
    pictures: pictures.length,
    unread,
  };
}

function quantilesOf(pictures: readonly ShownPicture[]): LatencyQuantiles {
  const sorted = pictures.map(({ ageMs }) => ageMs).sort((a, b) => a - b);
  const at = (share: number) => sorted[Math.floor(sorted.length * share)] ?? Number.NaN;
  return { pictures: sorted.length, p50Ms: at(0.5), p95Ms: at(0.95) };
}
