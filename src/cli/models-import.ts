import { basename, resolve } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import { OcellusError } from '../base/errors.ts';
import { type ImportResult, importModel } from '../eval/import/import-model.ts';
import { madePictures } from '../eval/import/test-pictures.ts';
import { choosePictures, listPictures } from '../eval/quantize/pictures.ts';
import { createBackend } from '../infer/backends.ts';
import { readImage } from '../infer/image.ts';
import type { RgbImage } from '../infer/preprocess-rgb.ts';
import { BATCH_LAYOUTS, type BatchLayout } from '../models/import/fold-preprocessing.ts';
import { COLOUR_ORDERS, manifestSchema } from '../models/manifest.ts';
import { resolveModel } from '../models/model-file.ts';
import type { CommandIo } from './command-io.ts';
import { positive, positiveInteger } from './option-values.ts';

interface ImportCommandOptions {
  readonly out: string;
  readonly id?: string;
  readonly layout?: BatchLayout;
  readonly colourOrder?: (typeof COLOUR_ORDERS)[number];
  readonly bestBoxes: number | 'auto' | 'all';
  readonly images?: string;
  readonly pictures: number;
  readonly maxDifference: number;
  readonly json?: boolean;
}

/** `ocellus models import FILE`: a model that takes bytes and computes the same. */
export function modelsImportCommand(io: CommandIo): Command {
  return new Command('import')
    .description('rewrite a detection model so that it takes bytes, and check that it computes the same')
    .argument('<model>', 'path to an .onnx file, or a manifest id')
    .requiredOption('-o, --out <file>', 'where to write the model; its manifest goes beside it')
    .option('--id <id>', "the manifest's id (default: from the name of --out)", manifestId)
    .addOption(
      new Option('--layout <layout>', 'of the bytes (default: as the model has it)').choices(BATCH_LAYOUTS),
    )
    .addOption(
      new Option('--colour-order <order>', 'of the bytes (default: as the model has it)').choices(
        COLOUR_ORDERS,
      ),
    )
    .option(
      '--best-boxes <n>',
      'most boxes that a YOLOv8 head gives; auto: 1000 where that pays here; all',
      boxCount,
      'auto',
    )
    .option('--images <dir>', 'compare on pictures of this folder (default: on made ones)')
    .option('--pictures <n>', 'how many pictures to compare on', positiveInteger, 9)
    .option(
      '--max-difference <d>',
      'largest difference of an output: absolute up to 1, relative beyond',
      positive,
      0.001,
    )
    .option('--json', 'the result as JSON')
    .addHelpText('after', '\nExample: ocellus models import yolox-nano --out yolox-nano-u8.onnx')
    .action((file: string, options: ImportCommandOptions) => runImport(io, file, options));
}

async function runImport(io: CommandIo, file: string, options: ImportCommandOptions): Promise<void> {
  const out = resolve(options.out);
  if (!out.endsWith('.onnx')) {
    throw new OcellusError('usage', `--out ${options.out} does not end in .onnx`, {
      hint: 'name the file <id>.onnx: its manifest is <id>.yaml',
    });
  }
  if (out === resolve(resolveModel(file, process.cwd()).file)) {
    throw new OcellusError('usage', 'the imported model would replace the original', {
      hint: 'name another --out',
    });
  }
  const result = await importModel({
    ...{ file, out, layout: options.layout, colourOrder: options.colourOrder },
    id: options.id ?? idFrom(out),
    bestBoxes: options.bestBoxes === 'all' ? null : options.bestBoxes,
    pictures: await picturesOf(options),
    maxDifference: options.maxDifference,
    backend: await createBackend({ backend: 'auto' }),
    signal: io.signal,
    onProgress: (what) => io.stderr.write(`${what}\n`),
  });
  io.stdout.write(options.json === true ? `${JSON.stringify(result, null, 2)}\n` : describe(result));
}

async function picturesOf({ images, pictures }: ImportCommandOptions): Promise<RgbImage[]> {
  if (images === undefined) return madePictures(pictures);
  const chosen = await choosePictures(listPictures(images), pictures);
  const decoded: RgbImage[] = [];
  for (const path of chosen) decoded.push(await readImage(path));
  return decoded;
}

function describe({ out, manifestFile, changes, difference, detections, filter }: ImportResult): string {
  const { pictures, values, different, largest } = difference;
  const same =
    different === 0
      ? `none: all ${values} numbers of ${pictures} pictures have the same bits`
      : `up to ${largest.toExponential(1)}, in ${different} of ${values} numbers of ${pictures} pictures`;
  const lines = [
    ...changes.map((change) => `did         ${change}`),
    ...(filter === undefined
      ? []
      : [
          `best boxes  ${filter.pays ? 'pays' : 'does not pay'} here: ${filter.costMs.toFixed(2)} ms in the graph, ` +
            `decoding ${filter.decodeAllMs.toFixed(2)} -> ${filter.decodeBestMs.toFixed(2)} ms`,
        ]),
    `difference  ${same}`,
    `detections  ${detections.detections} compared, ${detections.unmatched} without a match, ` +
      `scores within ${detections.largestScore.toExponential(1)}`,
    `written     ${out}, ${manifestFile}`,
  ];
  return `${lines.join('\n')}\n`;
}

function manifestId(text: string): string {
  const parsed = manifestSchema.shape.id.safeParse(text);
  if (parsed.success) return parsed.data;
  throw new InvalidArgumentError(parsed.error.issues[0]?.message ?? 'give another id');
}

/** The name of a file as an id. */
function idFrom(out: string): string {
  const plain = basename(out, '.onnx')
    .toLowerCase()
    .replace(/[^a-z0-9._-]/g, '-');
  return plain.replace(/^[^a-z0-9]+/, '').slice(0, 64) || 'imported';
}

function boxCount(text: string): number | 'auto' | 'all' {
  return text === 'auto' || text === 'all' ? text : positiveInteger(text);
}
