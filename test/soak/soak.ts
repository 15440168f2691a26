import { readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Mosquitto } from '../fixtures/mosquitto.ts';
import { Program } from '../fixtures/program.ts';
import { makeClip } from '../fixtures/streams-clip.ts';
import { waitUntil } from '../fixtures/wait-until.ts';
import { type Trend, trendOf } from './trend.ts';

const MEASURES = ['rssMiB', 'heapMiB', 'externalMiB', 'handles', 'threads', 'files'] as const;
type Measure = (typeof MEASURES)[number];
type Sample = Readonly<Record<Measure | 'monoMs', number>>;

export type Disturbance = 'camera' | 'broker' | 'reload';

export interface SoakOptions {
  readonly seconds: number;
  /** Left out of the trend: what is filled once. */
  readonly warmUpSeconds: number;
  /** What happens, in turn; left out: everything. To find the one that leaks. */
  readonly disturbances?: readonly Disturbance[];
  /** Has the sampler leak, to see that it is found out. */
  readonly leak?: 'memory' | 'files' | 'timers';
}

export interface SoakResult {
  readonly trends: Readonly<Record<Measure, Trend>>;
  /** After the warm-up. */
  readonly measuredHours: number;
  readonly last: Sample;
  readonly samples: number;
  readonly cameraDrops: number;
  readonly brokerDrops: number;
  readonly reloads: number;
  readonly refused: number;
}

const DEMO_MODEL = fileURLToPath(new URL('../../models/demo-scene.onnx', import.meta.url));
const SAMPLER = new URL('sampler.mjs', import.meta.url).href;
/** Between two disturbances, which take turns: a camera drops, the broker drops, the configuration is reloaded. */
const DISTURB_MS = 4_000;

const street = (seed: number, more: object = {}) => ({
  source: `sim://scene?seed=${seed}&speed=20&size=320x180&rate=20`,
  detect: { fps: 4, widthPx: 160, heightPx: 96 },
  ...more,
});

/**
 * Runs the built daemon on two streets at 20 times their speed and on a camera read by ffmpeg, while the camera's ffmpeg is
 * killed, the broker is killed and the configuration is reloaded in turn, and looks at what grows.
 */
export async function soak({
  seconds,
  warmUpSeconds,
  disturbances = ['camera', 'broker', 'reload'],
  leak,
}: SoakOptions): Promise<SoakResult> {
  const folder = await mkdtemp(join(tmpdir(), 'ocellus-soak-'));
  const broker = await Mosquitto.start();
  const clip = await makeClip({ directory: folder, name: 'hall.mp4', size: '160x96', fps: 10, seconds: 10 });
  const config = join(folder, 'ocellus.yaml');
  const samples = join(folder, 'samples.ndjson');
  const hall = {
    source: `file:${clip}?loop=1&realtime=1`,
    detect: { fps: 5 },
    capture: { backoffInitialMs: 100 },
  };
  const variants = [
    { a: street(1), b: street(2), hall },
    { a: street(1, { lines: { gate: { from: [0.5, 1], to: [0.5, 0] } } }), b: street(2), hall },
    { a: street(1), hall },
    { a: street(1), b: street(3), hall },
  ];
  const write = (n: number) =>
    writeFileSync(
      config,
      JSON.stringify({
        device: { id: 'soak' },
        models: { default: { file: DEMO_MODEL, sessions: 1 + (n % 2) } },
        mqtt: { url: broker.url, tracks: true },
        storage: { path: folder, reserveMiB: 0 },
        http: { listen: '127.0.0.1:0' },
        cameras: variants[n % variants.length],
      }),
    );
  write(0);
  const program = new Program(['run', '-c', config], {
    NODE_OPTIONS: `--import ${SAMPLER}`,
    SOAK_SAMPLES: samples,
    ...(leak && { SOAK_LEAK: leak }),
  });
  const counts = { cameraDrops: 0, brokerDrops: 0, reloads: 0 };
  try {
    await waitUntil(() => program.log.some(({ msg }) => msg === 'running'), 'the daemon to run', 60_000);
    const endMs = Date.now() + seconds * 1000;
    for (let n = 0; Date.now() < endMs; n++) {
      const disturbance = disturbances[n % disturbances.length];
      if (disturbance === 'camera') {
        for (const pid of childrenOf(program.pid)) kill(pid);
        counts.cameraDrops += 1;
      } else if (disturbance === 'broker') {
        await broker.kill();
        await sleep(500);
        await broker.restart();
        counts.brokerDrops += 1;
      } else if (disturbance === 'reload') {
        counts.reloads += 1;
        write(counts.reloads);
        program.kill('SIGHUP');
      }
      await sleep(DISTURB_MS);
      if (program.child.exitCode !== null)
        throw new Error(`the daemon ended: ${program.stderr.slice(-2_000)}`);
    }
    const all = readFileSync(samples, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Sample);
    const kept = all.filter(({ monoMs }) => monoMs >= warmUpSeconds * 1000);
    const hours = kept.map(({ monoMs }) => monoMs / 3_600_000);
    const trend = (measure: Measure) =>
      trendOf(
        hours,
        kept.map((sample) => sample[measure]),
      );
    const trends = Object.fromEntries(MEASURES.map((measure) => [measure, trend(measure)]));
    const refused = program.log.filter(({ outcome }) => outcome === 'refused' || outcome === 'partly').length;
    return {
      trends: trends as SoakResult['trends'],
      measuredHours: hours.at(-1)! - hours[0]!,
      last: kept.at(-1)!,
      samples: kept.length,
      ...counts,
      refused,
    };
  } finally {
    await program.stop();
    await broker.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

/** One that decoded a still may have ended by itself meanwhile. */
function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** The daemon's ffmpeg processes: of every thread, because a child belongs to the one that started it. */
function childrenOf(pid: number): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
    .trim()
    .split(' ')
    .filter(Boolean)
    .map(Number);
}
