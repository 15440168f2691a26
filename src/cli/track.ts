import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';
import { Argument, Command } from 'commander';
import { trackSource } from '../app/offline-tracking.ts';
import { SystemClock } from '../base/clock.ts';
import { messageOf, OcellusError } from '../base/errors.ts';
import { formatTrackRow } from '../eval/mot-file.ts';
import { createBackend } from '../infer/backends.ts';
import { openDetector } from '../infer/detector.ts';
import { loadDetectionModel } from '../models/detection-model.ts';
import { thresholdsFor } from '../track/options.ts';
import type { CommandIo } from './command-io.ts';
import { positive, unit } from './option-values.ts';
import { trackDetections } from './track-detections.ts';

interface TrackOptions {
  readonly model?: string;
  readonly score?: number;
  readonly detections?: string;
  readonly fps?: number;
  readonly out: string;
}

/** Lets every picture of any camera through. */
const EVERY_FRAME_FPS = 1000;
const RUN_TIMEOUT_MS = 60_000;
const CLOSE_DEADLINE_MS = 5_000;

/** `ocellus track SOURCE --model M --out FILE`, or `ocellus track --detections det.txt --fps F --out FILE`. */
export function trackCommand(io: CommandIo): Command {
  return new Command('track')
    .description('follow objects through a video, or through a file of detections')
    .addArgument(
      new Argument('[source]', 'as in the configuration, e.g. file:clip.mp4 or sim://scene?duration=10'),
    )
    .option('-m, --model <model>', 'path to an .onnx file, or a manifest id such as yolox-nano')
    .option(
      '-s, --score <score>',
      "lowest score that starts a track, 0..1 (default: the model's, else 0.35)",
      unit,
    )
    .option('--detections <file>', 'MOTChallenge detections to run the tracker alone on')
    .option('--fps <rate>', 'with --detections: frames per second; with a source: at most so many', positive)
    .requiredOption('-o, --out <file>', 'MOTChallenge tracks: frame,id,left,top,width,height,score,-1,-1,-1')
    .addHelpText(
      'after',
      '\nExamples:\n  ocellus track file:clip.mp4 --model models/yolox-nano.onnx --out tracks.txt' +
        '\n  ocellus track --detections det.txt --fps 30 --out tracks.txt',
    )
    .action((source: string | undefined, options: TrackOptions) => run(io, source, options));
}

async function run(io: CommandIo, source: string | undefined, options: TrackOptions): Promise<void> {
  const { detections, model, fps, out } = options;
  if (detections !== undefined && source === undefined && model === undefined) {
    if (fps === undefined)
      throw usage('--detections needs --fps', 'give the frame rate of the sequence, such as 25');
    const done = await trackDetections({ detections, fps, out });
    io.stderr.write(`${done.frames} frames (${done.seconds.toFixed(1)} s) -> ${out}\n`);
    return;
  }
  if (source === undefined || model === undefined || detections !== undefined) {
    throw usage(
      'track takes either SOURCE and --model, or --detections and --fps',
      'see ocellus track --help',
    );
  }
  const frames = await trackVideo(io, source, { ...options, model });
  io.stderr.write(`${frames} frames -> ${out}\n`);
}

async function trackVideo(
  io: CommandIo,
  source: string,
  options: TrackOptions & { model: string },
): Promise<number> {
  const clock = new SystemClock();
  const model = loadDetectionModel({ file: options.model, minScore: options.score }, process.cwd());
  const detector = await openDetector({
    backend: await createBackend({ backend: 'auto', clock }),
    model,
    clock,
    providers: ['cpu'],
    providerOptions: {},
    threads: 1,
    minScore: () => thresholdsFor(model.minScore).lowScore,
    runTimeoutMs: RUN_TIMEOUT_MS,
  });
  const file = createWriteStream(options.out);
  try {
    await once(file, 'open');
    const frames = await trackSource({
      source,
      baseDir: process.cwd(),
      detector,
      fps: options.fps ?? EVERY_FRAME_FPS,
      clock,
      signal: io.signal,
      onUpdate: (frame, { tracks }) => {
        for (const { state, trackId, score, boxPx } of tracks) {
          if (state !== 'confirmed') continue;
          const [leftPx, topPx, rightPx, bottomPx] = boxPx;
          const size = { leftPx, topPx, widthPx: rightPx - leftPx, heightPx: bottomPx - topPx };
          file.write(`${formatTrackRow({ frame: frame.seq, id: trackId, ...size, score })}\n`);
        }
      },
    });
    file.end();
    await finished(file);
    return frames;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).path !== options.out) throw cause;
    throw new OcellusError('io_failed', `cannot write ${options.out}: ${messageOf(cause)}`, {
      hint: 'check that the folder of --out exists and can be written',
      cause,
    });
  } finally {
    file.destroy();
    await detector.close(CLOSE_DEADLINE_MS);
  }
}

function usage(message: string, hint: string): OcellusError {
  return new OcellusError('usage', message, { hint });
}
