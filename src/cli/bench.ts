import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { type BenchResult, runBench } from '../bench/run-bench.ts';
import { describeMachine } from '../device/machine-record.ts';
import type { CommandIo } from './command-io.ts';
import { positive } from './option-values.ts';

interface BenchCommandOptions {
  readonly model: string;
  readonly seconds: number;
  readonly hours: number;
  readonly json?: boolean;
}

const models = (name: string) => fileURLToPath(new URL(`../../models/${name}.onnx`, import.meta.url));

/** `ocellus bench`: what this device can carry, against the budgets. */
export function benchCommand(io: CommandIo): Command {
  return new Command('bench')
    .description('measure this device against the budgets')
    .option(
      '-m, --model <model>',
      'path to an .onnx file, or a manifest id',
      existsSync(models('yolox-nano')) ? 'yolox-nano' : models('demo-scene'),
    )
    .option('--seconds <s>', 'length of each measurement', positive, 20)
    .option('--hours <h>', 'hours of work that are compressed to look for growth', positive, 24)
    .option('--json', 'the result as JSON')
    .action(async ({ model, seconds, hours, json }: BenchCommandOptions) => {
      const onProgress = (what: string) => io.stderr.write(`${what} ...\n`);
      const result = await runBench({ model, seconds, hours, onProgress });
      io.stdout.write(json === true ? `${JSON.stringify(result, null, 2)}\n` : describeBench(result));
    });
}

function describeBench({ machine, budgets, oneCamera, delivery }: BenchResult): string {
  const rows = budgets.map(({ what, measured, limit, unit, met }) => [
    met ? 'met' : 'MISSED',
    `${measured.toFixed(2)} ${unit}`.trim(),
    `${limit.toFixed(2)} ${unit}`.trim(),
    what,
  ]);
  const table = [['', 'measured', 'budget', 'what'], ...rows];
  const widths = [0, 1, 2].map((column) => Math.max(...table.map((row) => row[column]!.length)));
  const lines = table.map((row) =>
    row.map((cell, column) => (column === 3 ? cell : cell.padEnd(widths[column]!))).join('  '),
  );
  const model =
    `${oneCamera.model} on ${oneCamera.provider}: Run ${oneCamera.runP50Ms.toFixed(1)} ms (p50), ` +
    `${oneCamera.runCpuMsPerFrame.toFixed(1)} ms of CPU`;
  const disk =
    `events on disk: ${(delivery.bytesPerEvent / 1024).toFixed(1)} KiB and ${delivery.writesPerEvent.toFixed(1)} writes ` +
    `each when alone, ${(delivery.batchedBytesPerEvent / 1024).toFixed(1)} KiB when 50 come at once`;
  return [describeMachine(machine), model, disk, '', ...lines, ''].join('\n');
}
