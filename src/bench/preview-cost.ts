import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { withPreviewDaemon } from './preview-daemon.ts';
import { type Leave, PreviewViewers, type Transport } from './preview-viewers.ts';

export interface PreviewCostOptions {
  /** A video file, played again and again as a camera. */
  readonly clip: string;
  readonly model: string;
  readonly folder: string;
  readonly fps: number;
  /** Length of each measurement, s. */
  readonly seconds: number;
  readonly onProgress: (what: string) => void;
}

export interface ViewerCost {
  /** CPU of the daemon for the first viewer, who starts what all share, and for each further one; % of one core. */
  readonly firstPercent: number;
  readonly furtherPercent: number;
}

export interface PreviewCost {
  readonly mjpeg: ViewerCost;
  readonly mse: ViewerCost;
  readonly webrtc: ViewerCost;
  /** Inferred frames that 50 viewers of the encoded video cost, %. */
  readonly detectionLossPercent: number;
  /** Growth of resident memory: while 50 watch, and over all but the first 200 of 500 WebRTC viewers that came and went. */
  readonly mseGrowthMiB: number;
  readonly whepGrowthMiB: number;
  readonly whepThreads: number;
}

const CAMERA = 'street';
const VIEWERS = 4;
const CROWD = 50;
/** What a crowd needs once, such as room in the heap for what is on its way to them, it has by then; what grows goes on growing. */
const CROWD_SETTLES_MS = 90_000;
const WARM_UP_MS = 10_000;
const CYCLES = 500;
const SETTLED_CYCLES = 200;
/** V8 does not see the native part of a closed connection, and is asked to look, as weeks would make it. */
const CYCLES_PER_COLLECTION = 20;
const CYCLES_AT_ONCE = 4;
/** Closed connections leave within this. */
const SETTLE_MS = 3_000;
/** USER_HZ of Linux on every architecture that there is Node for. */
const MS_PER_TICK = 10;

/** Measures what those who watch cost the daemon, which runs in a process of its own. */
export async function measurePreview(options: PreviewCostOptions): Promise<PreviewCost> {
  const { clip, model, folder, fps, seconds, onProgress } = options;
  const cameras = { [CAMERA]: { source: `file:${clip}?loop=1&realtime=1`, fps } };
  return withPreviewDaemon({ cameras, model, folder }, async (daemon, url) => {
    const viewers = new PreviewViewers(url, CAMERA);
    await sleep(WARM_UP_MS);
    const cost = async (transport: Transport) => {
      onProgress(`${VIEWERS} viewers by ${transport}, ${3 * seconds} s`);
      return costOf(daemon, viewers, transport, seconds);
    };
    const byTransport = { mjpeg: await cost('mjpeg'), mse: await cost('mse'), webrtc: await cost('webrtc') };
    onProgress(`${CROWD} viewers of the encoded video, ${3 * seconds} s`);
    const crowd = await measureCrowd(daemon, viewers, url, seconds);
    onProgress(`${CYCLES} viewers by webrtc that come and go`);
    const churn = await measureChurn(daemon, viewers);
    return { ...byTransport, ...crowd, ...churn };
  });
}

async function costOf(
  daemon: ChildProcess,
  viewers: PreviewViewers,
  transport: Transport,
  seconds: number,
): Promise<ViewerCost> {
  const none = await cpuPercent(daemon, seconds);
  const leaves: Leave[] = [await viewers.join(transport)];
  const one = await cpuPercent(daemon, seconds);
  while (leaves.length < VIEWERS) leaves.push(await viewers.join(transport));
  const all = await cpuPercent(daemon, seconds);
  await Promise.all(leaves.map((leave) => leave()));
  await sleep(SETTLE_MS);
  return { firstPercent: one - none, furtherPercent: (all - one) / (VIEWERS - 1) };
}

async function measureCrowd(daemon: ChildProcess, viewers: PreviewViewers, url: string, seconds: number) {
  const alone = await inferredPerS(url, seconds);
  const leaves: Leave[] = [];
  while (leaves.length < CROWD) leaves.push(await viewers.join('mse'));
  await sleep(CROWD_SETTLES_MS);
  const beforeMiB = await standingMiB(daemon);
  const watched = await inferredPerS(url, 2 * seconds);
  const mseGrowthMiB = (await standingMiB(daemon)) - beforeMiB;
  await Promise.all(leaves.map((leave) => leave()));
  return { detectionLossPercent: 100 * (1 - watched / alone), mseGrowthMiB };
}

async function measureChurn(daemon: ChildProcess, viewers: PreviewViewers) {
  const run = async (cycles: number) => {
    for (let done = 0; done < cycles; done += CYCLES_AT_ONCE) {
      await Promise.all(
        Array.from({ length: CYCLES_AT_ONCE }, async () => {
          const leave = await viewers.join('webrtc');
          await leave();
        }),
      );
      if (done % CYCLES_PER_COLLECTION === 0) await collect(daemon);
    }
    await sleep(SETTLE_MS);
    return { rssMiB: await standingMiB(daemon), threads: statusOf(daemon, 'Threads') };
  };
  const early = await run(SETTLED_CYCLES);
  const late = await run(CYCLES - SETTLED_CYCLES);
  return { whepGrowthMiB: late.rssMiB - early.rssMiB, whepThreads: late.threads - early.threads };
}

/** CPU of all threads of the daemon, its decoders not, over `seconds`: % of one core. */
async function cpuPercent(daemon: ChildProcess, seconds: number): Promise<number> {
  const beforeMs = cpuMs(daemon);
  await sleep(seconds * 1000);
  return (cpuMs(daemon) - beforeMs) / (10 * seconds);
}

/** Fields 14 and 15 of /proc/PID/stat (proc(5)); the second may hold anything, in brackets. */
function cpuMs({ pid }: ChildProcess): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * MS_PER_TICK;
}

/** Resident memory without garbage: a second collection takes what finalizers of the first let go. */
async function standingMiB(daemon: ChildProcess): Promise<number> {
  for (let collection = 0; collection < 2; collection++) {
    await collect(daemon);
    await sleep(500);
  }
  return statusOf(daemon, 'VmRSS') / 1024;
}

async function collect(daemon: ChildProcess): Promise<void> {
  const collected = once(daemon, 'message');
  daemon.send('collect');
  await collected;
}

function statusOf({ pid }: ChildProcess, field: 'VmRSS' | 'Threads'): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(new RegExp(`^${field}:\\s+(\\d+)`, 'm').exec(status)?.[1]);
}

async function inferredPerS(url: string, seconds: number): Promise<number> {
  const count = async () => {
    const reply = await fetch(`${url}/api/cameras/${CAMERA}`);
    const { frames } = (await reply.json()) as { frames: Record<string, number> };
    return frames.inferred ?? 0;
  };
  const before = await count();
  await sleep(seconds * 1000);
  return ((await count()) - before) / seconds;
}
