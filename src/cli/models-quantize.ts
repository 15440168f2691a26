import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Command, Option } from 'commander';
import { OcellusError } from '../base/errors.ts';
import { readCocoAnnotations } from '../eval/coco-types.ts';
import type { TriedCandidate } from '../eval/quantize/choice.ts';
import { choosePictures, listPictures } from '../eval/quantize/pictures.ts';
import { type SearchResult, searchQuantization } from '../eval/quantize/search.ts';
import { extractPictures } from '../eval/quantize/video-pictures.ts';
import { createBackend } from '../infer/backends.ts';
import { loadDetectionModel } from '../models/detection-model.ts';
import { RANGE_METHODS, type RangeMethod } from '../models/quantize/ranges.ts';
import { QUANTIZED_FORMS, type QuantizedForm } from '../models/quantize/rewrite.ts';
import type { CommandIo } from './command-io.ts';
import { snapshotsOf } from './model-pictures.ts';
import { positive, positiveInteger } from './option-values.ts';

interface QuantizeOptions {
  readonly model: string;
  readonly images?: string;
  readonly video?: string;
  readonly camera?: string;
  readonly hours: number;
  readonly config?: string;
  readonly out: string;
  readonly form: QuantizedForm;
  readonly method?: RangeMethod;
  readonly maxLoss: number;
  readonly pictures: number;
  readonly evalImages?: string;
  readonly evalPictures: number;
  readonly annotations?: string;
  readonly json?: boolean;
}

const FEWEST_PICTURES = 4;

/** `ocellus models quantize`: the fastest INT8 model within a loss, from a float one. */
export function modelsQuantizeCommand(io: CommandIo): Command {
  return new Command('quantize')
    .description('make the fastest INT8 model that loses no more than you allow, and tell whether it pays')
    .requiredOption('-m, --model <model>', 'float detection model: path to an .onnx file, or a manifest id')
    .requiredOption('-o, --out <file>', 'where to write the quantized model')
    .option('--images <dir>', 'calibrate with the pictures below this folder')
    .option('--video <file>', 'calibrate with frames of this video')
    .option('--camera <name>', 'calibrate with the stored snapshots of this camera')
    .option('--hours <n>', 'with --camera: snapshots of the last hours', positive, 24)
    .option('-c, --config <file>', 'with --camera: the configuration, for its storage.path')
    .addOption(
      new Option('--form <form>', 'u8s8 for CPUs, s8s8 (symmetric) for TensorRT')
        .choices(QUANTIZED_FORMS)
        .default('u8s8'),
    )
    .addOption(
      new Option('--method <method>', 'how ranges are taken (default: the best of all)').choices(
        RANGE_METHODS,
      ),
    )
    .option('--max-loss <points>', 'most points of AP (0..100) that may be lost', positive, 0.5)
    .option('--pictures <n>', 'pictures to calibrate with, the most diverse', positiveInteger, 64)
    .option(
      '--eval-images <dir>',
      'measure the loss on these (default: on pictures left over from the calibration)',
    )
    .option('--eval-pictures <n>', 'most pictures to measure the loss on', positiveInteger, 64)
    .option('--annotations <file>', 'COCO annotations of --eval-images: the loss is that of real AP')
    .option('--json', 'the result as JSON')
    .addHelpText(
      'after',
      '\nWithout annotations the loss is AP50 lost of what the float model detects with a score above 0.5.' +
        '\nExit status 1 when no quantized model stays within the loss.' +
        '\nExample: ocellus models quantize -m yolox-nano --images photos --out yolox-nano-int8.onnx',
    )
    .action((options: QuantizeOptions) => quantize(io, options));
}

async function quantize(io: CommandIo, options: QuantizeOptions): Promise<void> {
  const model = loadDetectionModel({ file: options.model }, process.cwd());
  const out = resolve(options.out);
  if (out === resolve(model.file)) {
    throw new OcellusError('usage', 'the quantized model would replace the float one', {
      hint: 'name another --out',
    });
  }
  const picture = model.summary.inputs.find(({ type }) => type === 'float32');
  if (model.fixedInputs.length > 0 || picture === undefined) {
    throw new OcellusError('model_unsupported', `${model.file} takes more than a float32 picture`, {
      hint: 'only models with one float32 input are quantized: export the form without a second input, or without bytes',
    });
  }
  const scratch = mkdtempSync(join(tmpdir(), 'ocellus-frames-'));
  const onProgress = (what: string) => io.stderr.write(`${what}\n`);
  try {
    const { calibration, evaluation } = await choose(await sourcePictures(io, options, scratch), options);
    const result = await searchQuantization({
      ...{ model, form: options.form, maxLoss: options.maxLoss, calibration, evaluation, out, onProgress },
      ...(options.method === undefined ? {} : { methods: [options.method] }),
      truth: options.annotations === undefined ? undefined : readCocoAnnotations(options.annotations),
      backend: await createBackend({ backend: 'auto' }),
      signal: io.signal,
    });
    io.stdout.write(
      options.json === true ? `${JSON.stringify(result, null, 2)}\n` : describe(result, options),
    );
    if (result.chosen === null) io.setExitStatus(1);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

async function sourcePictures(io: CommandIo, options: QuantizeOptions, scratch: string): Promise<string[]> {
  const { images, video, camera, config, hours } = options;
  if ([images, video, camera].filter((each) => each !== undefined).length !== 1) {
    throw new OcellusError('usage', 'calibration needs pictures', {
      hint: 'give one of --images, --video or --camera',
    });
  }
  if (images !== undefined) return listPictures(images);
  if (video !== undefined) return extractPictures(video, scratch, 4 * options.pictures, io.signal);
  return snapshotsOf(camera!, hours, config);
}

/** Pictures to calibrate with, and others to measure on. */
async function choose(
  all: readonly string[],
  { pictures, evalImages, evalPictures }: QuantizeOptions,
): Promise<{ calibration: string[]; evaluation: string[] }> {
  if (all.length < FEWEST_PICTURES) {
    throw new OcellusError('usage', `${all.length} pictures are too few to calibrate with`, {
      hint: `give ${FEWEST_PICTURES} at least; 50 and more are better`,
    });
  }
  const most = evalImages === undefined ? Math.min(pictures, all.length >> 1) : pictures;
  const calibration = await choosePictures(all, most);
  const rest =
    evalImages === undefined ? all.filter((path) => !calibration.includes(path)) : listPictures(evalImages);
  return { calibration, evaluation: rest.slice(0, evalPictures) };
}

function describe(result: SearchResult, { out, form }: QuantizeOptions): string {
  const percent = (value: number | null) => (value === null ? '     ' : (100 * value).toFixed(1).padStart(5));
  const row = (each: TriedCandidate) =>
    [
      each === result.chosen ? '->' : each.pareto ? ' *' : '  ',
      String(each.inFloat).padStart(8),
      percent(each.agreement).padStart(9),
      percent(each.ap).padStart(6),
      each.lossPoints.toFixed(2).padStart(6),
      each.cpuMs.toFixed(1).padStart(7),
      (each.floatCpuMs / each.cpuMs).toFixed(2).padStart(8),
    ].join('  ');
  const lines = [
    `${form}, ranges by ${result.candidates[0]?.method ?? 'none'}, ${result.products} convolutions`,
    '    in float  agree %    AP %    loss   CPU ms  x float',
    ...result.candidates.map(row),
    `recommended: ${result.recommended}: ${result.why}`,
    ...(result.chosen === null ? [] : [`written: ${out}`]),
  ];
  return `${lines.join('\n')}\n`;
}
