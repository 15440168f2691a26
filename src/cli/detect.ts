import { Argument, Command, Option } from 'commander';
import { SystemClock } from '../base/clock.ts';
import { explain, OcellusError } from '../base/errors.ts';
import {
  type ModelConfig,
  OUTPUT_DECODERS,
  type OutputDecoderName,
  PROVIDERS,
  type Provider,
} from '../config/schema.ts';
import { createBackend } from '../infer/backends.ts';
import type { ClassChoice } from '../infer/decode/output-decoder.ts';
import { type Detector, openDetector } from '../infer/detector.ts';
import { readImage } from '../infer/image.ts';
import { silentModel } from '../infer/score-watch.ts';
import { loadDetectionModel } from '../models/detection-model.ts';
import { annotateImage } from './annotate-image.ts';
import type { CommandIo } from './command-io.ts';
import { describeImageResult, type ImageResult, toJsonLine } from './detect-output.ts';
import { EXIT } from './exit-status.ts';
import { positiveInteger, unit } from './option-values.ts';

interface DetectOptions {
  readonly model: string;
  readonly score?: number;
  readonly nmsIou?: number;
  readonly maxDetections: number;
  readonly classes?: ClassChoice;
  readonly decoder?: OutputDecoderName;
  readonly backend: ModelConfig['backend'];
  readonly provider: readonly Provider[];
  readonly threads: number;
  readonly json?: boolean;
  readonly annotate?: string;
}

/** Nobody wants detections as weak as this but to draw a precision-recall curve. */
const EVALUATION_SCORE = 0.05;
const MAX_COMMAND_LINE_BYTES = 20_000;
const RUN_TIMEOUT_MS = 60_000;
const CLOSE_DEADLINE_MS = 5_000;

/** `ocellus detect IMAGE... --model M`: objects in photos. */
export function detectCommand(io: CommandIo): Command {
  return new Command('detect')
    .description('find objects in photos')
    .addArgument(new Argument('<image...>', 'JPEG, PNG, WebP, GIF, TIFF or AVIF files'))
    .requiredOption('-m, --model <model>', 'path to an .onnx file, or a manifest id such as yolox-nano')
    .option('-s, --score <score>', "lowest score to report, 0..1 (default: the model's, else 0.35)", unit)
    .option(
      '--nms-iou <iou>',
      "boxes of one class that overlap more are one object (default: the model's)",
      unit,
    )
    .option('--max-detections <n>', 'most detections of one photo', positiveInteger, 100)
    .addOption(
      new Option(
        '--classes <which>',
        'report a box under its best class or under all (default: all below a score of 0.05, as for COCO evaluation)',
      ).choices(['best', 'all']),
    )
    .addOption(
      new Option('--decoder <name>', 'how to read the outputs (default: recognised)').choices(
        OUTPUT_DECODERS,
      ),
    )
    .addOption(
      new Option('--backend <name>', 'way to ONNX Runtime')
        .choices(['auto', 'ort-c-api', 'onnxruntime-node'])
        .default('auto'),
    )
    .addOption(
      new Option('--provider <name...>', 'execution providers in the order to try')
        .choices(PROVIDERS)
        .default(['cpu']),
    )
    .option('--threads <n>', 'threads of the session', positiveInteger, 1)
    .option('--json', 'one JSON object per line and photo')
    .option('--annotate <dir>', 'write each photo with its boxes into this folder')
    .addHelpText(
      'after',
      '\nExit status 1 when a photo could not be read; the others are processed all the same.' +
        '\nExample: ocellus detect photos/*.jpg --model models/yolox-nano.onnx --annotate out',
    )
    .action((images: string[], options: DetectOptions) => detectImages(io, images, options));
}

async function detectImages(io: CommandIo, images: readonly string[], options: DetectOptions): Promise<void> {
  refuseLongCommandLine(images);
  const model = loadDetectionModel(
    { file: options.model, decoder: options.decoder, minScore: options.score, nmsIou: options.nmsIou },
    process.cwd(),
  );
  const detector = await openDetector({
    backend: await createBackend({ backend: options.backend }),
    model,
    clock: new SystemClock(),
    providers: options.provider,
    providerOptions: {},
    threads: options.threads,
    maxDetections: options.maxDetections,
    classes: options.classes ?? (model.minScore < EVALUATION_SCORE ? 'all' : 'best'),
    runTimeoutMs: RUN_TIMEOUT_MS,
  });
  try {
    let read = 0;
    for (const image of images) {
      io.signal.throwIfAborted();
      try {
        await detectOne(io, image, detector, options);
        read += 1;
      } catch (error) {
        if (!isAboutOnePhoto(error)) throw error;
        io.stderr.write(`ocellus: ${explain(error)}\n`);
        io.setExitStatus(EXIT.failed);
      }
    }
    if (read > 0 && detector.health !== 'ok') {
      io.stderr.write(`ocellus: suspicious: ${silentModel(model.file, read)}\n`);
    }
  } finally {
    await detector.close(CLOSE_DEADLINE_MS);
  }
}

async function detectOne(
  io: CommandIo,
  path: string,
  detector: Detector,
  options: DetectOptions,
): Promise<void> {
  const image = await readImage(path);
  const { detections, timings } = await detector.detectImage(image);
  const { widthPx, heightPx } = image;
  const result: ImageResult = { image: path, widthPx, heightPx, detections, timingsMs: timings };
  io.stdout.write(options.json === true ? toJsonLine(result) : describeImageResult(result));
  if (options.annotate !== undefined) await annotateImage(image, path, detections, options.annotate);
}

/** ONNX Runtime 1.30 reads its process's command line with a recursion per character, which ends the process when it is long. */
function refuseLongCommandLine(images: readonly string[]): void {
  const bytes = images.reduce((sum, image) => sum + Buffer.byteLength(image) + 1, 0);
  if (bytes <= MAX_COMMAND_LINE_BYTES) return;
  throw new OcellusError('usage', `${images.length} photos are too many for one command line`, {
    hint: 'give them in portions, for example with xargs -n 200',
  });
}

/** What is wrong with one photo must not keep the others from being processed. */
function isAboutOnePhoto(error: unknown): boolean {
  return error instanceof OcellusError && error.code === 'image_unreadable';
}
