import { setImmediate as nextTurn } from 'node:timers/promises';
import { abortError, type Clock } from '../../base/clock.ts';
import { type Colour, type Frame, i420Bytes } from '../../flow/frame.ts';
import type { FramePool } from '../../flow/frame-pool.ts';
import type { SizePx } from '../../flow/geometry.ts';
import { fitSize } from '../fit-size.ts';
import type { FrameSink, FrameSource } from '../frame-source.ts';
import { Scene } from './scene.ts';
import { parseSimParams, type SimParams } from './sim-params.ts';
import { drawTimeCode } from './time-code.ts';

export interface SimSourceOptions {
  readonly cameraId: string;
  /** Query of the `sim://` address. */
  readonly params: URLSearchParams;
  readonly fps: number;
  /** Box that frames are scaled into. */
  readonly box: SizePx;
  readonly pool: FramePool;
  readonly clock: Clock;
}

const COLOUR: Colour = { matrix: 'bt601', range: 'limited' };
/** How long a source that can wait waits for a buffer before it looks again. */
const POOL_RETRY_MS = 2;

/**
 * A camera in front of a simulated street: needs no decoder and knows the truth.
 * @throws OcellusError `config_invalid` for an unknown parameter or a wrong value
 */
export function createSimSource(options: SimSourceOptions): FrameSource {
  return new SimSource(options, parseSimParams(options.params));
}

class SimSource implements FrameSource {
  readonly description: string;
  readonly finite: boolean;
  readonly waits: boolean;
  readonly #options: SimSourceOptions;
  readonly #params: SimParams;
  readonly #scene: Scene;
  readonly #size: SizePx;
  #seq = 0;
  #startWallMs: number | undefined;
  #large: Scene | undefined;

  constructor(options: SimSourceOptions, params: SimParams) {
    this.#options = options;
    this.#params = params;
    this.#scene = new Scene(params.scene);
    this.#size = fitSize(params.scene.source, options.box);
    this.description = `simulated scene, seed ${params.scene.seed}`;
    this.finite = params.durationMs !== undefined;
    this.waits = !params.realtime;
  }

  async run(sink: FrameSink, signal: AbortSignal): Promise<void> {
    const { clock, fps } = this.#options;
    const { durationMs = Infinity, realtime, speed, scene } = this.#params;
    const periodMs = 1000 / fps;
    const startWallMs = clock.wallMs();
    this.#startWallMs = startWallMs;
    const startMonoMs = clock.monoMs();
    if (signal.aborted) throw abortError();
    sink.opened({ source: scene.source, frame: this.#size, colour: COLOUR, codec: null });
    for (let n = 0; n * periodMs < durationMs; n++) {
      const mediaMs = n * periodMs;
      if (realtime) {
        const lateMs = clock.monoMs() - startMonoMs - mediaMs / speed;
        // A camera does not wait for a slow machine either: what could not be drawn in time is left out.
        if (lateMs > periodMs / speed) continue;
        await clock.sleep(Math.max(0, -lateMs), signal);
      } else {
        await nextTurn();
        if (signal.aborted) throw abortError();
      }
      await this.#deliver(sink, mediaMs, startWallMs, startMonoMs, signal);
    }
  }

  redraw(captureAtMs: number): Pick<Frame, 'data' | 'widthPx' | 'heightPx' | 'colour'> | undefined {
    if (this.#startWallMs === undefined) return undefined;
    const { scene, startMs, timeCode } = this.#params;
    const { widthPx, heightPx } = scene.source;
    // Of its own: a scene keeps what it has prepared for the size that it was drawn at last.
    this.#large ??= new Scene(scene);
    const data = new Uint8Array(i420Bytes(widthPx, heightPx));
    this.#large.draw(startMs + captureAtMs - this.#startWallMs, { data, widthPx, heightPx });
    if (timeCode) drawTimeCode(captureAtMs, { data, widthPx, heightPx });
    return { data, widthPx, heightPx, colour: COLOUR };
  }

  async #deliver(
    sink: FrameSink,
    mediaMs: number,
    startWallMs: number,
    startMonoMs: number,
    signal: AbortSignal,
  ): Promise<void> {
    const { cameraId, pool, clock } = this.#options;
    const { realtime, speed, startMs, scene, timeCode } = this.#params;
    const { widthPx, heightPx } = this.#size;
    let slot = pool.acquire(widthPx, heightPx);
    while (slot === undefined && !realtime) {
      await clock.sleep(POOL_RETRY_MS, signal);
      slot = pool.acquire(widthPx, heightPx);
    }
    const seq = ++this.#seq;
    if (slot === undefined) {
      sink.dropped('pool_exhausted');
      return;
    }
    this.#scene.draw(startMs + mediaMs, { data: slot.data, widthPx, heightPx });
    const captureAtMs = startWallMs + mediaMs;
    if (timeCode) drawTimeCode(captureAtMs, { data: slot.data, widthPx, heightPx });
    const frame = slot.toFrame({
      cameraId,
      seq,
      widthPx,
      heightPx,
      colour: COLOUR,
      source: scene.source,
      times: {
        captureAtMs,
        captureMonoMs: startMonoMs + mediaMs,
        // On media time there is no later instant than the picture's own.
        decodedAtMs: realtime && speed === 1 ? Math.max(captureAtMs, clock.wallMs()) : captureAtMs,
      },
    });
    const taken = sink.frame(frame);
    if (!realtime) await taken;
  }
}
