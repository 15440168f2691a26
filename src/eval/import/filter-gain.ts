import type { InferenceBackend } from '../../infer/backend.ts';
import type { RgbImage } from '../../infer/preprocess-rgb.ts';
import type { DetectionModel } from '../../models/detection-model.ts';
import type { OnnxModel } from '../../models/graph/model-io.ts';
import { type ColumnHead, filterAlone } from '../../models/import/keep-best.ts';
import type { Workshop } from '../quantize/model-runner.ts';
import { usingDetector } from './compare.ts';

/** The smallest of so many times counts: what else the machine does only adds to them. */
const ROUNDS = 40;

/** What letting the graph give the best boxes costs and saves per picture, ms. */
export interface FilterGain {
  /** Of the filter's nodes, with a call to ONNX Runtime of its own: an upper bound. */
  readonly costMs: number;
  /** What the decoder takes to walk through all boxes, and through the best. */
  readonly decodeAllMs: number;
  readonly decodeBestMs: number;
  readonly pays: boolean;
}

/** Measures the filter alone against the decoder with and without it, on this device. */
export async function measureFilter(
  { backend, workshop }: { backend: InferenceBackend; workshop: Workshop },
  { like, head, count }: { like: OnnxModel; head: ColumnHead; count: number },
  { all, best }: { all: DetectionModel; best: DetectionModel },
  picture: RgbImage,
): Promise<FilterGain> {
  const costMs = await workshop.using(filterAlone(like, head, count), async (runner) => {
    const input = new Float32Array(head.rows * head.boxes);
    for (let at = 0; at < input.length; at++) input[at] = ((at * 7919) % 1009) / 1009;
    const dims = [1, head.rows, head.boxes];
    await runner.run(input, dims);
    let least = Number.POSITIVE_INFINITY;
    for (let i = 0; i < ROUNDS; i++) least = Math.min(least, await runner.cpuMsOfRun(input, dims));
    return least;
  });
  const decodeMs = (model: DetectionModel) =>
    usingDetector(backend, model, model.minScore, async (detector) => {
      let least = Number.POSITIVE_INFINITY;
      for (let i = 0; i < ROUNDS; i++) {
        least = Math.min(least, (await detector.detectImage(picture)).timings.decodeMs);
      }
      return least;
    });
  const [decodeAllMs, decodeBestMs] = [await decodeMs(all), await decodeMs(best)];
  return { costMs, decodeAllMs, decodeBestMs, pays: costMs + decodeBestMs < decodeAllMs };
}
