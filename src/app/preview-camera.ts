import type { Clock } from '../base/clock.ts';
import type { Histogram } from '../base/histogram.ts';
import type { CameraConfig } from '../config/camera-schema.ts';
import type { CameraState } from '../flow/camera-state.ts';
import type { PictureSize } from '../flow/frame.ts';
import type { SizePx } from '../flow/geometry.ts';
import type { LiveFeed } from '../preview/live/live-feed.ts';
import type { DetectionLimit, PresentObjects, PreviewCamera, RecentMs } from '../preview/ports.ts';
import type { CameraPipeline } from './camera-pipeline.ts';
import { encodeView } from './frame-jpeg.ts';
import type { GovernorService } from './governor-service.ts';
import type { LiveMedia } from './live-media.ts';
import type { LivePictures } from './live-pictures.ts';
import { STAGES } from './pipeline-stats.ts';

/** Of motion JPEG, 1..100. */
const LIVE_QUALITY = 85;
/** A rate is that of at least this time, so that who asks often does not see noise. */
const RATE_WINDOW_MS = 2_000;

/** A camera's pipeline as the preview sees it. Nothing is gathered for it: it reads what the pipeline keeps. */
export class LiveCamera implements PreviewCamera {
  readonly cameraId: string;
  readonly live: LiveFeed;
  readonly #pipeline: CameraPipeline;
  readonly #inferred: CountedRate;
  readonly #governor: GovernorService;

  /** @param media the camera's own video; absent when it is not to be shown */
  constructor(
    cameraId: string,
    pipeline: CameraPipeline,
    media: LiveMedia | undefined,
    governor: GovernorService,
    clock: Clock,
  ) {
    this.cameraId = cameraId;
    this.#pipeline = pipeline;
    this.#governor = governor;
    this.live = liveFeed(pipeline.live, media);
    this.#inferred = new CountedRate(() => pipeline.stats.frames.get('inferred'), clock);
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
    return { fps, model: grant.model, reasons: this.#governor.status.reasons };
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
function liveFeed(pictures: LivePictures, media: LiveMedia | undefined): LiveFeed {
  return {
    watchPictures: (listener) => pictures.watchPictures(listener),
    encodeJpeg: async (picture) => (await encodeView(picture, LIVE_QUALITY)).picture,
    watchObjects: (listener) => pictures.watchObjects(listener),
    watchMedia: (sink) => {
      if (media !== undefined) return media.watch(sink);
      sink.unusable('preview.mse is off for this camera');
      return () => {};
    },
    get mediaMime() {
      return media?.mime ?? null;
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
      this.#perSecond = ((count - this.#from.count) * 1000) / spanMs;
      this.#from = { monoMs: this.#from.monoMs + spanMs, count };
    }
    return this.#perSecond;
  }
}

function round(ms: number): number {
  return Math.round(ms * 100) / 100;
}
