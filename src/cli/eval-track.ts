import { Command } from 'commander';
import { evaluateMot, findMotFiles, type MotEvaluation } from '../eval/mot-evaluation.ts';
import { HOTA_ALPHAS, hotaCurves } from '../eval/mot-hota.ts';
import { motMetrics } from '../eval/mot-metrics.ts';
import { formatMetric, SHOWN_METRICS, trackReport } from '../eval/report/track-report.ts';
import { writeReport } from '../eval/report/write-report.ts';
import type { CommandIo } from './command-io.ts';
import { formatTable } from './table.ts';

interface EvalTrackOptions {
  readonly gt: string;
  readonly tracks: string;
  readonly json?: boolean;
  readonly report?: string;
}

/** `ocellus eval track`: HOTA, CLEAR MOT and identity metrics as TrackEval computes them. */
export function evalTrackCommand(io: CommandIo): Command {
  return new Command('track')
    .description('HOTA, MOTA, IDF1 and the rest, as TrackEval computes them')
    .requiredOption('--gt <path>', 'MOTChallenge ground truth: gt.txt, or a folder of <sequence>/gt/gt.txt')
    .requiredOption('--tracks <path>', 'MOTChallenge results: a file, or a folder of <sequence>.txt')
    .option('--json', "one JSON object with TrackEval's names")
    .option('--report <dir>', 'write report.html and report.json into this folder')
    .addHelpText('after', '\nExample: ocellus eval track --gt MOT17/train --tracks results --report out')
    .action(async (options: EvalTrackOptions) => {
      const evaluation = evaluateMot(findMotFiles(options.gt, options.tracks));
      io.stdout.write(
        options.json === true ? `${JSON.stringify(asJson(evaluation))}\n` : describe(evaluation),
      );
      if (options.report === undefined) return;
      const page = trackReport('Tracking evaluation', evaluation);
      const path = await writeReport(options.report, page, withCurves(evaluation));
      io.stderr.write(`ocellus: wrote ${path}\n`);
    });
}

/** The numbers of all sequences together, and of each. */
function asJson({ sequences, combined }: MotEvaluation): Record<string, unknown> {
  const each = sequences.map(({ name, counts }) => [name, motMetrics(counts)] as const);
  return { ...motMetrics(combined), sequences: Object.fromEntries(each) };
}

function withCurves(evaluation: MotEvaluation): unknown {
  return {
    ...asJson(evaluation),
    alphas: HOTA_ALPHAS,
    curves: hotaCurves(evaluation.combined.hota),
    incidents: Object.fromEntries(evaluation.sequences.map(({ name, incidents }) => [name, incidents])),
  };
}

function describe({ sequences, combined }: MotEvaluation): string {
  const named = [...sequences, ...(sequences.length > 1 ? [{ name: 'all together', counts: combined }] : [])];
  const rows = named.map(({ name, counts }) => {
    const metrics = motMetrics(counts);
    return [name, ...SHOWN_METRICS.map((metric) => formatMetric(metric, metrics))];
  });
  return formatTable(['sequence', ...SHOWN_METRICS], rows, new Set(SHOWN_METRICS.map((_, i) => i + 1)));
}
