import { Counters, RecentSamples } from '../base/counters.ts';
import { Histogram, LATENCY_BOUNDS_MS } from '../base/histogram.ts';
import type { InferenceResult } from '../infer/frame-detector.ts';

/** Why a frame that arrived was not inferred, or where it ended. */
export type FrameOutcome =
  | 'captured'
  | 'no_motion'
  | 'detect_off'
  | 'thinned_out'
  | 'governed'
  | 'replaced'
  | 'late'
  | 'closed'
  | 'inferred'
  | 'inference_failed';

/** Latencies that are kept, ms. */
export const STAGES = [
  'motion',
  'queue',
  'preprocess',
  'run',
  'decode',
  'track',
  'decoded_to_event',
] as const;
export type Stage = (typeof STAGES)[number];

const RECENT = 512;

/** What happened to one camera's frames, and how long each stage took lately. */
export class PipelineStats {
  readonly frames = new Counters<FrameOutcome>();
  readonly #stages = new Map<Stage, RecentSamples>();
  /** By stage, ms. */
  readonly histograms = new Map<Stage, Histogram>();

  add(stage: Stage, ms: number): void {
    let samples = this.#stages.get(stage);
    if (samples === undefined) {
      samples = new RecentSamples(RECENT);
      this.#stages.set(stage, samples);
      this.histograms.set(stage, new Histogram(LATENCY_BOUNDS_MS));
    }
    samples.add(ms);
    this.histograms.get(stage)?.add(ms);
  }

  /** One frame was inferred. @param sinceDecodedMs from its being decoded to its result; what is not inference was waiting */
  inferred({ preprocessMs, runMs, decodeMs }: InferenceResult['timings'], sinceDecodedMs: number): void {
    this.add('queue', Math.max(0, sinceDecodedMs - preprocessMs - runMs - decodeMs));
    this.add('preprocess', preprocessMs);
    this.add('run', runMs);
    this.add('decode', decodeMs);
  }

  /** The q-quantile of a stage's recent latencies, ms; NaN before the first. */
  quantileMs(stage: Stage, q: number): number {
    return this.#stages.get(stage)?.quantile(q) ?? Number.NaN;
  }
}
