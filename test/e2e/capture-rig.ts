import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { SystemClock } from '../../src/base/clock.ts';
import { silentLogger } from '../../src/base/log.ts';
import { seededRandom } from '../../src/base/random.ts';
import { Camera } from '../../src/capture/camera.ts';
import type { StreamInfo } from '../../src/capture/frame-source.ts';
import { createFrameSource } from '../../src/capture/open-source.ts';
import { captureSchema } from '../../src/config/camera-schema.ts';
import type { Frame, FrameTimes } from '../../src/flow/frame.ts';
import { i420Bytes } from '../../src/flow/frame.ts';
import { FramePool } from '../../src/flow/frame-pool.ts';

const run = promisify(execFile);
const BOX = { widthPx: 320, heightPx: 320 };

/** What is kept of a frame. */
export interface SeenFrame {
  readonly seq: number;
  readonly times: FrameTimes;
  readonly widthPx: number;
  readonly heightPx: number;
  /** Mean luma, for telling frames from garbage. */
  readonly luma: number;
}

export interface RigOptions {
  readonly source: string;
  readonly capture?: object;
  readonly fps?: number;
  /** Runs in the consumer for each frame. */
  readonly onFrame?: (frame: Frame) => void | Promise<void>;
}

/** A camera on a real stream, with what came of it. */
export class CaptureRig {
  readonly frames: SeenFrame[] = [];
  readonly infos: StreamInfo[] = [];
  readonly states: string[] = [];
  readonly pool = new FramePool(4, i420Bytes(BOX.widthPx, BOX.heightPx));
  readonly camera: Camera;

  constructor(options: RigOptions) {
    const clock = new SystemClock();
    const capture = captureSchema.parse({
      openTimeoutMs: 5_000,
      stallTimeoutMs: 3_000,
      backoffInitialMs: 100,
      backoffMaxMs: 400,
      ...options.capture,
    });
    this.camera = new Camera({
      id: 'front',
      source: createFrameSource({
        cameraId: 'front',
        source: options.source,
        capture,
        detect: { ...BOX, fps: options.fps ?? 10 },
        pool: this.pool,
        clock,
        baseDir: '/',
      }),
      config: capture,
      clock,
      log: silentLogger,
      random: seededRandom(1),
      sink: {
        opened: (info) => this.infos.push(info),
        state: ({ state, cause }) => this.states.push(cause === null ? state : `${state}:${cause}`),
        frame: (frame) => {
          this.#see(frame);
          const taken = options.onFrame?.(frame);
          if (taken === undefined) frame.release();
          else return taken.finally(() => frame.release());
        },
      },
    });
  }

  async start(): Promise<this> {
    await this.camera.start(new AbortController().signal);
    return this;
  }

  /** Waits until `condition` holds, at most `deadlineMs`. */
  async until(condition: () => boolean, what: string, deadlineMs = 20_000): Promise<void> {
    const endMs = Date.now() + deadlineMs;
    while (!condition()) {
      if (Date.now() > endMs) {
        throw new Error(
          `no ${what} in ${deadlineMs} ms; states ${this.states.join(', ')}, ${this.frames.length} frames`,
        );
      }
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  async close(): Promise<void> {
    await this.camera.close(5_000);
  }

  #see(frame: Frame): void {
    const { seq, times, widthPx, heightPx } = frame;
    let sum = 0;
    for (let at = 0; at < widthPx * heightPx; at++) sum += frame.data[at]!;
    this.frames.push({ seq, times, widthPx, heightPx, luma: sum / (widthPx * heightPx) });
  }
}

/** Times between frames, ms, as the camera took them. */
export function gaps(frames: readonly SeenFrame[]): number[] {
  return frames.slice(1).map((frame, n) => frame.times.captureMonoMs - frames[n]!.times.captureMonoMs);
}

/** Processes below `pid` (default: this one) whose command line holds `word`. */
export async function childrenWith(word: string, pid = process.pid): Promise<number[]> {
  const { stdout } = await run('ps', ['-e', '-o', 'pid=,ppid=,args=']);
  return stdout
    .split('\n')
    .map((line) => /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line))
    .filter((match) => match !== null && Number(match[2]) === pid && match[3]!.includes(word))
    .map((match) => Number(match![1]));
}

/** True while a process is there and no zombie. */
export async function isAlive(pid: number): Promise<boolean> {
  const status = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  return status !== undefined && !/^\d+ \(.*\) [ZX]/s.test(status);
}
