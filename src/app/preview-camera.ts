import type { Clock } from '../base/clock.ts';
import type { Histogram } from '../base/histogram.ts';
import type { CameraConfig } from '../config/camera-schema.ts';
import type { CameraState } from '../flow/camera-state.ts';
import type { PictureSize } from '../flow/frame.ts';
import type { SizePx } from '../flow/geometry.ts';
import type { LiveFeed } from '../preview/live/live-feed.ts';
import type { DetectionLimit, PresentObjects, PreviewCamera, RecentMs } from '../preview/ports.ts';
import type { CameraPipeline } from './camera-pipeline.ts';
import type { CameraPlace } from './camera-set.ts';
import { encodeView } from './frame-jpeg.ts';
import { STAGES } from './pipeline-stats.ts';

/** Of motion JPEG, 1..100. */
const LIVE_QUALITY = 85;
/** A rate is that of at least this time, so that who asks often does not see noise. */
const RATE_WINDOW_MS = 2_000;

/** A camera's pipeline, whichever runs now, as the preview sees it. Nothing is gathered for it: it reads what the pipeline keeps. */
export class LiveCamera implements PreviewCamera {
  readonly cameraId: string;
  readonly live: LiveFeed;
  readonly #place: CameraPlace;
  readonly #inferred: CountedRate;
  readonly #limitReasons: () => readonly string[];

  /** @param limitReasons why detection is held back, where it is */
  constructor(place: CameraPlace, limitReasons: () => readonly string[], clock: Clock) {
    this.cameraId = place.cameraId;
    this.#place = place;
    this.#limitReasons = limitReasons;
    this.live = liveFeed(place);
    this.#inferred = new CountedRate(() => this.#pipeline.stats.frames.get('inferred'), clock);
  }

  get #pipeline(): CameraPipeline {
    return this.#place.pipeline;
  }

  get config(): CameraConfig {
    return this.#pipeline.config;
  }

  get state(): CameraState {
    return this.#pipeline.state;
  }

  get enabled(): boolean {
    return this.#pipeline.enabled;
  }

  get detecting(): boolean {
    return this.#pipeline.detecting;
  }

  get limit(): DetectionLimit | null {
    const { grant } = this.#pipeline.inference;
    if (grant === null) return null;
    const fps = grant.fps === null ? null : Math.round(grant.fps * 100) / 100;
    return { fps, model: grant.model, reasons: this.#limitReasons() };
  }

  get moving(): boolean {
    return this.#pipeline.moving;
  }

  get pictureSizePx(): SizePx | null {
    return this.#pipeline.pictureSizePx;
  }

  get present(): PresentObjects {
    const { byLabel, byZone } = this.#pipeline.present;
    return {
      byLabel: Object.fromEntries(byLabel),
      byZone: Object.fromEntries([...byZone].map(([zone, counts]) => [zone, Object.fromEntries(counts)])),
    };
  }

  get capturedPerS(): number {
    return this.#pipeline.captureFps;
  }

  get inferredPerS(): number {
    return this.#inferred.perSecond();
  }

  get frames(): Readonly<Record<string, number>> {
    return this.#pipeline.stats.frames.snapshot();
  }

  get captureDrops(): Readonly<Record<string, number>> {
    return this.#pipeline.captureDrops;
  }

  get losses(): Readonly<Record<string, number>> {
    return this.#pipeline.losses;
  }

  get histograms(): ReadonlyMap<string, Histogram> {
    return this.#pipeline.stats.histograms;
  }

  latencies(): Readonly<Record<string, RecentMs>> {
    const { stats } = this.#pipeline;
    const known = STAGES.map((stage) => {
      const [p50, p95] = [stats.quantileMs(stage, 0.5), stats.quantileMs(stage, 0.95)];
      return [stage, { p50: round(p50), p95: round(p95) }] as const;
    });
    return Object.fromEntries(known.filter(([, { p50 }]) => !Number.isNaN(p50)));
  }

  snapshot(size: PictureSize): Promise<Buffer> {
    return this.#pipeline.snapshot(size);
  }
}

/** A camera whose own video is not shown has none to show. */
function liveFeed(place: CameraPlace): LiveFeed {
  const { pictures } = place;
  return {
    watchPictures: (listener) => pictures.watchPictures(listener),
    encodeJpeg: async (picture) => (await encodeView(picture, LIVE_QUALITY)).picture,
    watchObjects: (listener) => pictures.watchObjects(listener),
    watchMedia: (sink) => {
      if (place.media !== undefined) return place.media.watch(sink);
      sink.unusable('preview.mse is off for this camera');
      return () => {};
    },
    get mediaMime() {
      return place.media?.mime ?? null;
    },
  };
}

/** How fast a count grows, from the count alone: seen each time that somebody asks. */
class CountedRate {
  readonly #count: () => number;
  readonly #clock: Clock;
  #from: { readonly monoMs: number; readonly count: number };
  #perSecond = 0;

  constructor(count: () => number, clock: Clock) {
    this.#count = count;
    this.#clock = clock;
    this.#from = { monoMs: clock.monoMs(), count: count() };
  }

  perSecond(): number {
    const spanMs = this.#clock.monoMs() - this.#from.monoMs;
    if (spanMs >= RATE_WINDOW_MS) {
      const count = this.#count();
      // A camera that was restarted counts from 0 again.
      this.#perSecond = (Math.max(0, count - this.#from.count) * 1000) / spanMs;
      this.#from = { monoMs: this.#from.monoMs + spanMs, count };
    }
    return this.#perSecond;
  }
}

function round(ms: number): number {
  return Math.round(ms * 100) / 100;
}
