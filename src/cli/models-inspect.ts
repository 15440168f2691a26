import { Command } from 'commander';
import type { ModelReport } from '../models/inspect/model-report.ts';
import { inspectModel } from '../models/inspect/model-report.ts';
import { resolveModel } from '../models/model-file.ts';
import type { CommandIo } from './command-io.ts';
import { EXIT } from './exit-status.ts';

/** `ocellus models inspect FILE`: what a model is, without running it. */
export function modelsInspectCommand(io: CommandIo): Command {
  return new Command('inspect')
    .description(
      'tell what an ONNX model is: inputs, outputs, cost, quantization, family, and what is wrong with it',
    )
    .argument('<model>', 'path to an .onnx file, or a manifest id')
    .option('--json', 'the report as JSON')
    .addHelpText('after', '\nExit status 1 when the program would refuse to serve the model.')
    .action((name: string, { json }: { json?: boolean }) => {
      const { file, manifest } = resolveModel(name, process.cwd());
      const report = inspectModel(file, manifest);
      io.stdout.write(json === true ? `${JSON.stringify(report, null, 2)}\n` : describe(report));
      if (report.refused !== null) io.setExitStatus(EXIT.failed);
    });
}

const MAX_OPERATORS = 12;

function describe(report: ModelReport): string {
  const { quantization, recognised } = report;
  const tensor = ({ name, type, dims }: ModelReport['inputs'][number]) =>
    `${name} ${type} [${dims.map((dim) => dim ?? '?').join(', ')}]`;
  const opsets = Object.entries(report.opsets).map(
    ([domain, version]) => `${domain || 'ai.onnx'} ${version}`,
  );
  const operators = report.operators.slice(0, MAX_OPERATORS).map(([name, count]) => `${name} ${count}`);
  const more = report.operators.length - operators.length;
  const rows: (readonly [string, string])[] = [
    ['file', `${report.file} (${(report.bytes / 2 ** 20).toFixed(2)} MiB)`],
    [
      'format',
      `IR ${report.irVersion}, ${opsets.join(', ')}, by ${report.producer || 'an unnamed exporter'}`,
    ],
    ['used for', describeRole(recognised)],
    ...report.inputs.map((each) => ['input', tensor(each)] as const),
    ...report.outputs.map((each) => ['output', tensor(each)] as const),
    ['cost', describeCost(report)],
    ['quantization', describeQuantization(quantization)],
    [
      'operators',
      `${operators.join(', ')}${more > 0 ? `, and ${more} more kinds` : ''} (${report.nodes} nodes)`,
    ],
    ...report.warnings.map(({ severity, message }) => [severity, message] as const),
    ...(report.refused === null ? [] : [['refused', report.refused] as const]),
  ];
  return rows.map(([name, value]) => `${name.padEnd(13)} ${value}\n`).join('');
}

function describeRole({ role, decoder, why }: ModelReport['recognised']): string {
  return `${role}${decoder === null ? '' : `, decoder ${decoder}`}: ${why}`;
}

function describeCost({ parameters, gflops, gmacs, unknownProducts }: ModelReport): string {
  const numbers = `${(parameters / 1e6).toFixed(2)} M parameters`;
  if (gflops === null || gmacs === null) return `${numbers}; operations unknown: shapes are open`;
  const missing = unknownProducts > 0 ? ` without ${unknownProducts} products of unknown shape` : '';
  return `${numbers}, ${gflops.toFixed(2)} GFLOPs (${gmacs.toFixed(2)} GMACs)${missing}`;
}

function describeQuantization(quantization: ModelReport['quantization']): string {
  const { kind, products, quantizedProducts, weightTypes, activationTypes, perChannel, float16 } =
    quantization;
  if (kind === 'none') return float16 ? 'none; weights are half-precision floats' : 'none';
  const parts = [
    `${kind}, ${quantizedProducts} of ${products} convolutions and products`,
    weightTypes.length > 0
      ? `weights ${weightTypes.join('/')}${perChannel === true ? ' per channel' : ''}`
      : '',
    activationTypes.length > 0 ? `activations ${activationTypes.join('/')}` : '',
  ];
  return parts.filter((part) => part !== '').join(', ');
}
