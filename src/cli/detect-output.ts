import type { Detection } from '../flow/detection.ts';
import type { InferenceTimings } from '../infer/frame-detector.ts';

/** What `detect` says of one photo. */
export interface ImageResult {
  /** The path as it was given. */
  readonly image: string;
  readonly widthPx: number;
  readonly heightPx: number;
  readonly detections: readonly Detection[];
  readonly timingsMs: InferenceTimings;
}

/** One line of NDJSON; boxes to a hundredth of a pixel, scores to a millionth. */
export function toJsonLine(result: ImageResult): string {
  const { preprocessMs, runMs, decodeMs } = result.timingsMs;
  const line = {
    image: result.image,
    widthPx: result.widthPx,
    heightPx: result.heightPx,
    detections: result.detections.map(({ label, classId, score, boxPx }) => ({
      label,
      classId,
      score: round(score, 1e6),
      boxPx: boxPx.map((value) => round(value, 100)),
    })),
    timingsMs: {
      preprocess: round(preprocessMs, 100),
      run: round(runMs, 100),
      decode: round(decodeMs, 100),
    },
  };
  return `${JSON.stringify(line)}\n`;
}

/** A table for people. */
export function describeImageResult(result: ImageResult): string {
  const { image, widthPx, heightPx, detections, timingsMs } = result;
  const count = detections.length === 1 ? '1 object' : `${detections.length} objects`;
  const rows = detections.map(({ label, score, boxPx }) => {
    const [x1, y1, x2, y2] = boxPx.map((value) => Math.round(value).toString().padStart(5));
    return `  ${label.padEnd(16)} ${score.toFixed(2)}  ${x1},${y1} ..${x2},${y2}\n`;
  });
  return `${image}  ${widthPx}x${heightPx}  ${count}  ${timingsMs.runMs.toFixed(1)} ms\n${rows.join('')}`;
}

function round(value: number, steps: number): number {
  return Math.round(value * steps) / steps;
}
