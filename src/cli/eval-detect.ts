import { statSync } from 'node:fs';
import { basename } from 'node:path';
import { Command, Option } from 'commander';
import { SystemClock } from '../base/clock.ts';
import { OcellusError } from '../base/errors.ts';
import { OUTPUT_DECODERS, type OutputDecoderName, PROVIDERS, type Provider } from '../config/schema.ts';
import { evaluateCocoBoxes } from '../eval/coco-ap.ts';
import { categoryIdsOf, selectTruth } from '../eval/coco-selection.ts';
import { type CocoAnnotations, readCocoAnnotations } from '../eval/coco-types.ts';
import { type Predictions, readPredictions } from '../eval/predictions.ts';
import { detectReport } from '../eval/report/detect-report.ts';
import { writeReport } from '../eval/report/write-report.ts';
import { photoPaths, presentPhotos, runDetector } from '../eval/run-detector.ts';
import { readVocAnnotations } from '../eval/voc-annotations.ts';
import { evaluateVocBoxes } from '../eval/voc-ap.ts';
import { createBackend } from '../infer/backends.ts';
import { openDetector } from '../infer/detector.ts';
import { silentModel } from '../infer/score-watch.ts';
import { loadDetectionModel } from '../models/detection-model.ts';
import type { CommandIo } from './command-io.ts';
import { type DetectEvaluation, describeEvaluation, toJson } from './eval-output.ts';
import { positiveInteger, unit } from './option-values.ts';
import { PhotoProgress } from './photo-progress.ts';

interface EvalDetectOptions {
  readonly annotations: string;
  readonly model?: string;
  readonly images?: string;
  readonly predictions?: string;
  readonly classes?: readonly string[];
  readonly presentOnly?: boolean;
  readonly score: number;
  readonly nmsIou?: number;
  readonly reportScore?: number;
  readonly decoder?: OutputDecoderName;
  readonly provider: readonly Provider[];
  readonly threads: number;
  readonly json?: boolean;
  readonly report?: string;
}

const MOST_PER_PHOTO = 100;
const DEFAULT_REPORT_SCORE = 0.35;
const RUN_TIMEOUT_MS = 60_000;
const CLOSE_DEADLINE_MS = 5_000;

/** `ocellus eval detect`: average precision of a model, or of detections in a file. */
export function evalDetectCommand(io: CommandIo): Command {
  return new Command('detect')
    .description('average precision as pycocotools and Pascal VOC compute it')
    .requiredOption('--annotations <path>', 'COCO .json file, or a folder of Pascal VOC .xml files')
    .option('-m, --model <model>', 'path to an .onnx file, or a manifest id; needs --images')
    .option('--images <dir>', 'folder of the photos')
    .option(
      '--predictions <file>',
      'COCO results, or the output of `ocellus detect --json`, instead of a model',
    )
    .option('--classes <name...>', 'only these classes (default: all that the annotations have)')
    .option('--present-only', 'leave out photos that are not in --images')
    .option('-s, --score <score>', 'lowest score of a detection, 0..1', unit, 0.001)
    .option(
      '--nms-iou <iou>',
      "boxes of one class that overlap more are one object (default: the model's)",
      unit,
    )
    .option(
      '--report-score <score>',
      "lowest score in the report's confusion matrix and photos (default: the model's, else 0.35)",
      unit,
    )
    .addOption(
      new Option('--decoder <name>', 'how to read the outputs (default: recognised)').choices(
        OUTPUT_DECODERS,
      ),
    )
    .addOption(
      new Option('--provider <name...>', 'execution providers in the order to try')
        .choices(PROVIDERS)
        .default(['cpu']),
    )
    .option('--threads <n>', 'threads of the session', positiveInteger, 1)
    .option('--json', 'one JSON object; `stats` are the twelve numbers of COCO')
    .option('--report <dir>', 'write report.html and report.json into this folder')
    .addHelpText(
      'after',
      '\nExample: ocellus eval detect --annotations instances_val2017.json --images val2017 -m yolox-nano --report out',
    )
    .action((options: EvalDetectOptions) => evalDetect(io, options));
}

async function evalDetect(io: CommandIo, options: EvalDetectOptions): Promise<void> {
  const { model, images, predictions } = options;
  if ((model === undefined) === (predictions === undefined)) {
    throw usage('give either --model with --images, or --predictions');
  }
  if (model !== undefined && images === undefined)
    throw usage('--model needs --images, the folder of the photos');
  const truth = selectedTruth(options);
  const found =
    predictions !== undefined
      ? { ...readPredictions(predictions, truth), reportScore: undefined }
      : await detectAll(io, options, truth);
  if (found.unknownLabels.length > 0) {
    io.stderr.write(
      `ocellus: left out, as the annotations have no such class: ${found.unknownLabels.join(', ')}\n`,
    );
  }
  const startedMs = performance.now();
  const coco = evaluateCocoBoxes(truth, found.results);
  const evaluateMs = performance.now() - startedMs;
  const evaluation: DetectEvaluation = {
    coco,
    voc: evaluateVocBoxes(truth, found.results),
    photos: truth.images.length,
    detections: found.results.length,
    unknownLabels: found.unknownLabels,
    evaluateMs,
  };
  io.stdout.write(options.json === true ? toJson(evaluation) : describeEvaluation(evaluation));
  if (options.report === undefined) return;
  const page = await detectReport({
    title: `Detection evaluation: ${basename(model ?? predictions ?? '')}`,
    truth,
    results: found.results,
    coco: evaluation.coco,
    voc: evaluation.voc,
    minScore: options.reportScore ?? found.reportScore ?? DEFAULT_REPORT_SCORE,
    paths: new Map(images === undefined ? [] : photoPaths(truth, images).map(({ id, path }) => [id, path])),
  });
  const path = await writeReport(options.report, page, JSON.parse(toJson(evaluation)));
  io.stderr.write(`ocellus: wrote ${path}\n`);
}

function selectedTruth({ annotations, classes, images, presentOnly }: EvalDetectOptions): CocoAnnotations {
  const all = isFolder(annotations) ? readVocAnnotations(annotations) : readCocoAnnotations(annotations);
  if (presentOnly === true && images === undefined) throw usage('--present-only needs --images');
  const imageIds = presentOnly === true ? presentPhotos(all, images!) : undefined;
  return selectTruth(all, imageIds, classes === undefined ? undefined : categoryIdsOf(all, classes));
}

async function detectAll(
  io: CommandIo,
  options: EvalDetectOptions,
  truth: CocoAnnotations,
): Promise<Predictions & { reportScore: number }> {
  const choice = { file: options.model!, decoder: options.decoder, nmsIou: options.nmsIou };
  const model = loadDetectionModel(choice, process.cwd());
  const detector = await openDetector({
    backend: await createBackend({ backend: 'auto' }),
    model,
    clock: new SystemClock(),
    providers: options.provider,
    providerOptions: {},
    threads: options.threads,
    minScore: () => options.score,
    maxDetections: MOST_PER_PHOTO,
    classes: 'all',
    runTimeoutMs: RUN_TIMEOUT_MS,
  });
  const progress = new PhotoProgress(io.stderr);
  try {
    const found = await runDetector({
      detector,
      truth,
      imagesDir: options.images!,
      signal: io.signal,
      onPhoto: (done, of) => progress.show(done, of),
    });
    if (truth.images.length > 0 && detector.health === 'suspicious') {
      progress.clear();
      io.stderr.write(`ocellus: suspicious: ${silentModel(model.file, truth.images.length)}\n`);
    }
    return { ...found, reportScore: model.minScore };
  } finally {
    progress.clear();
    await detector.close(CLOSE_DEADLINE_MS);
  }
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

function usage(message: string): OcellusError {
  return new OcellusError('usage', message, { hint: 'see ocellus eval detect --help' });
}
