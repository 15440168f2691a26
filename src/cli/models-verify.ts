import { Command } from 'commander';
import { OcellusError } from '../base/errors.ts';
import { version } from '../base/version.ts';
import { readCocoAnnotations } from '../eval/coco-types.ts';
import { choosePictures, listPictures } from '../eval/quantize/pictures.ts';
import { type SideCost, type VerifyReport, verifyModel } from '../eval/verify/verify-model.ts';
import { createBackend } from '../infer/backends.ts';
import { type DetectionModel, loadDetectionModel } from '../models/detection-model.ts';
import { sha256Of } from '../models/pull-part.ts';
import { writeVerification } from '../models/verification.ts';
import type { CommandIo } from './command-io.ts';
import { snapshotsOf } from './model-pictures.ts';
import { positive, positiveInteger } from './option-values.ts';

interface VerifyCommandOptions {
  readonly against: string;
  readonly images?: string;
  readonly annotations?: string;
  readonly camera?: string;
  readonly hours: number;
  readonly config?: string;
  readonly pictures: number;
  readonly maxLoss: number;
  readonly record: boolean;
  readonly json?: boolean;
}

/** `ocellus models verify`: whether a model may take the place of another, on pictures of this device. */
export function modelsVerifyCommand(io: CommandIo): Command {
  return new Command('verify')
    .description(
      'compare a model with the one whose place it is to take: agreement, AP, speed, memory, and a verdict',
    )
    .argument('<model>', 'the new model: path to an .onnx file, or a manifest id')
    .requiredOption('--against <model>', 'the model that it is to be as good as')
    .option('--images <dir>', 'compare on the pictures below this folder')
    .option('--annotations <file>', 'COCO annotations of --images: the loss is that of real AP')
    .option('--camera <name>', 'compare on the stored snapshots of this camera')
    .option('--hours <n>', 'with --camera: snapshots of the last hours', positive, 24)
    .option('-c, --config <file>', 'with --camera: the configuration, for its storage.path')
    .option('--pictures <n>', 'most pictures to compare on, the most diverse', positiveInteger, 200)
    .option('--max-loss <points>', 'most points of AP (0..100) that may be lost', positive, 1)
    .option('--no-record', 'write no <model>.verify.json, by which the daemon refuses a model that failed')
    .option('--json', 'the result as JSON')
    .addHelpText(
      'after',
      '\nWithout annotations the loss is AP50 lost of what the other model detects with a score above 0.5.' +
        '\nExit status 1 when the model fails.' +
        '\nExample: ocellus models verify yolox-s-int8.onnx --against yolox-s --camera front -c ocellus.yaml',
    )
    .action((file: string, options: VerifyCommandOptions) => verify(io, file, options));
}

async function verify(io: CommandIo, file: string, options: VerifyCommandOptions): Promise<void> {
  const model = loadDetectionModel({ file }, process.cwd());
  const against = loadDetectionModel({ file: options.against }, process.cwd());
  const pictures = await choosePictures(allPictures(options), options.pictures);
  if (pictures.length === 0) {
    throw new OcellusError('image_unreadable', 'there are no pictures to compare on', {
      hint: 'give more --hours, or --images',
    });
  }
  const report = await verifyModel({
    ...{ model, against, pictures, maxLossPoints: options.maxLoss, signal: io.signal },
    truth: options.annotations === undefined ? undefined : readCocoAnnotations(options.annotations),
    backend: await createBackend({ backend: 'auto' }),
    onProgress: (done, all) => {
      if (done % 20 === 0 || done === all) io.stderr.write(`ocellus: ${done} of ${all} pictures\n`);
    },
  });
  if (options.record) io.stderr.write(`ocellus: wrote ${await record(model, against, report)}\n`);
  io.stdout.write(options.json === true ? `${JSON.stringify(report, null, 2)}\n` : describe(report));
  if (report.verdict === 'failed') io.setExitStatus(1);
}

function allPictures({ images, annotations, camera, hours, config }: VerifyCommandOptions): string[] {
  if ((images === undefined) === (camera === undefined)) {
    throw new OcellusError('usage', 'a comparison needs pictures', {
      hint: 'give one of --images or --camera',
    });
  }
  if (annotations !== undefined && images === undefined) {
    throw new OcellusError('usage', '--annotations are of --images', { hint: 'give --images' });
  }
  return images === undefined ? snapshotsOf(camera!, hours, config) : listPictures(images);
}

async function record(model: DetectionModel, against: DetectionModel, report: VerifyReport): Promise<string> {
  const side = async ({ file }: DetectionModel) => ({ file, sha256: await sha256Of(file) });
  return writeVerification(model.file, {
    version: 1,
    verdict: report.verdict,
    reasons: [...report.reasons],
    model: await side(model),
    against: await side(against),
    lossPoints: report.lossPoints,
    maxLossPoints: report.maxLossPoints,
    pictures: report.pictures,
    atMs: Date.now(),
    program: version,
  });
}

function describe(report: VerifyReport): string {
  const { verdict, reasons, pictures, ap, lossPoints, maxLossPoints, cost, speedRatio } = report;
  const points = (share: number) => (100 * share).toFixed(2);
  const row = (name: string, of: (side: SideCost) => string) =>
    `${name.padEnd(22)} ${of(cost.model).padStart(9)} ${of(cost.against).padStart(9)}\n`;
  return (
    `${'on this device'.padEnd(22)} ${'model'.padStart(9)} ${'against'.padStart(9)}\n` +
    row('run, median ms', ({ runMs }) => runMs.toFixed(1)) +
    row('picture to boxes, ms', ({ totalMs }) => totalMs.toFixed(1)) +
    row('memory, MiB', ({ memoryMiB }) => memoryMiB.toFixed(0)) +
    (ap === null
      ? ''
      : `${'AP'.padEnd(22)} ${points(ap.model).padStart(9)} ${points(ap.against).padStart(9)}\n`) +
    `\nagreement ${points(report.agreement)} (of what is sure: ${points(report.confidentAgreement)}) on ${pictures} pictures; ` +
    `${speedRatio.toFixed(2)} times as fast\n` +
    `loses ${lossPoints.toFixed(2)} points, ${maxLossPoints} are allowed: ${verdict}${reasons.map((each) => `\n  ${each}`).join('')}\n`
  );
}
