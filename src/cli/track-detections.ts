import { readFile, writeFile } from 'node:fs/promises';
import { messageOf, OcellusError } from '../base/errors.ts';
import { formatTrackRow, type MotRow, parseMotRows } from '../eval/mot-file.ts';
import type { Detection } from '../flow/detection.ts';
import type { Track } from '../flow/track.ts';
import type { ScoreThresholds, TrackerOptions } from '../track/options.ts';
import { Tracker } from '../track/tracker.ts';

export interface TrackDetectionsOptions {
  /** MOTChallenge detections: `frame,-1,left,top,width,height,score`; lines in any order. */
  readonly detections: string;
  /** Frames per second of the sequence: it turns frame numbers into time. */
  readonly fps: number;
  /** Where the tracks go, as MOTChallenge result lines. */
  readonly out: string;
  readonly tracker?: Partial<TrackerOptions>;
}

/**
 * Files of detections come unfiltered from detectors of the Faster R-CNN kind, whose softmax is above 0.95 for nearly all
 * that it finds and whose 0.5 is mostly clutter. A camera's thresholds come from its model's `minScore` instead.
 */
export const detectionFileScores: ScoreThresholds = { lowScore: 0.1, highScore: 0.85, birthScore: 0.95 };

/**
 * Runs the tracker alone on a file of detections. Online: a line is written for every confirmed track that was matched in
 * that frame, and nothing is filled in afterwards.
 *
 * @returns the number of frames, and the seconds they span in the sequence
 * @throws OcellusError `usage` for a bad frame rate, `io_failed`, `data_invalid` with the line
 */
export async function trackDetections(
  options: TrackDetectionsOptions,
): Promise<{ frames: number; seconds: number }> {
  const { fps } = options;
  if (!(fps > 0 && Number.isFinite(fps))) {
    throw new OcellusError('usage', `--fps is ${fps}`, {
      hint: 'give the frame rate of the sequence, such as 25',
    });
  }
  const rows = parseMotRows(await readText(options.detections), options.detections);
  for (const row of rows) refuseUnscaled(row, options.detections);
  const frames = detectionsByFrame(rows);
  const tracker = new Tracker({ ...detectionFileScores, ...options.tracker });
  const lines: string[] = [];
  frames.forEach((detections, index) => {
    const { tracks } = tracker.update(detections, (index * 1000) / fps);
    for (const track of tracks) if (track.state === 'confirmed') lines.push(resultLine(track, index + 1));
  });
  await writeText(options.out, lines.map((line) => `${line}\n`).join(''));
  return { frames: frames.length, seconds: frames.length / fps };
}

/** Thresholds mean nothing on scores of another scale; guessing the scale would hide it. */
function refuseUnscaled({ score, line }: MotRow, name: string): void {
  if (score >= 0 && score <= 1) return;
  throw new OcellusError('data_invalid', `${name}:${line}: score is ${score}, not in 0..1`, {
    hint: 'turn logits into probabilities first: 1 / (1 + exp(-score)); write 1 where there is no score',
  });
}

/**
 * The detections of frames 1, 2, ... as the tracker takes them; a frame that the file does not name is empty.
 *
 * @throws OcellusError `data_invalid`
 */
export function detectionsByFrame(rows: readonly MotRow[]): Detection[][] {
  const frames: Detection[][] = [];
  for (const row of rows) {
    while (frames.length < row.frame) frames.push([]);
    frames[row.frame - 1]!.push({
      label: 'person',
      classId: 0,
      score: row.score,
      boxPx: [row.leftPx, row.topPx, row.leftPx + row.widthPx, row.topPx + row.heightPx],
    });
  }
  return frames;
}

function resultLine({ trackId, score, boxPx: [x1, y1, x2, y2] }: Track, frame: number): string {
  return formatTrackRow({
    frame,
    id: trackId,
    leftPx: x1,
    topPx: y1,
    widthPx: x2 - x1,
    heightPx: y2 - y1,
    score,
  });
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new OcellusError('io_failed', `cannot read ${path}: ${messageOf(cause)}`, {
      hint: 'check the path given as --detections',
      cause,
    });
  }
}

async function writeText(path: string, text: string): Promise<void> {
  try {
    await writeFile(path, text);
  } catch (cause) {
    throw new OcellusError('io_failed', `cannot write ${path}: ${messageOf(cause)}`, {
      hint: 'check that the folder of --out exists and can be written',
      cause,
    });
  }
}
