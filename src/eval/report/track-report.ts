import type { MotIncident } from '../mot-clear.ts';
import type { MotEvaluation, SequenceEvaluation } from '../mot-evaluation.ts';
import { HOTA_ALPHAS, hotaCurves } from '../mot-hota.ts';
import { type MotCounts, type MotMetrics, motMetrics } from '../mot-metrics.ts';
import { lineChart } from './charts.ts';
import { htmlPage, htmlTable, paragraph, section } from './html.ts';

/** What a table of sequences shows, in this order. */
export const SHOWN_METRICS = [
  ...(['HOTA', 'DetA', 'AssA', 'LocA', 'MOTA', 'MOTP', 'IDF1', 'CLR_Re', 'CLR_Pr'] as const),
  ...(['CLR_FN', 'CLR_FP', 'IDSW', 'Frag', 'MT', 'PT', 'ML'] as const),
] satisfies readonly (keyof MotMetrics)[];
const COUNTS: ReadonlySet<keyof MotMetrics> = new Set([
  ...(['CLR_FN', 'CLR_FP', 'IDSW', 'Frag', 'MT', 'PT', 'ML'] as const),
]);
/** More rows than this nobody reads. */
const MOST_INCIDENTS = 500;

/** The page of one evaluation of a tracker. */
export function trackReport(title: string, { sequences, combined }: MotEvaluation): string {
  const several = sequences.length > 1;
  return htmlPage(
    title,
    [
      section('Numbers', sequenceTable(sequences, combined)),
      section('HOTA over the localisation threshold', alphaChart('All sequences', combined)),
      ...(several ? [section('Each sequence', ...sequences.map(foldedChart))] : []),
      section('Identity switches and fragmentations', ...sequences.map(incidentTable)),
    ].join('\n'),
  );
}

/** A number as tables show it: scores with a decimal, counts whole. */
export function formatMetric(name: keyof MotMetrics, metrics: MotMetrics): string {
  return COUNTS.has(name) ? String(metrics[name]) : metrics[name].toFixed(1);
}

function sequenceTable(sequences: readonly SequenceEvaluation[], combined: MotCounts): string {
  const row = (name: string, counts: MotCounts) => {
    const metrics = motMetrics(counts);
    return [name, ...SHOWN_METRICS.map((metric) => formatMetric(metric, metrics))];
  };
  const rows = sequences.map(({ name, counts }) => row(name, counts));
  if (sequences.length > 1) rows.push(row('all together', combined));
  return htmlTable("TrackEval's names; scores in per cent", ['sequence', ...SHOWN_METRICS], rows);
}

function foldedChart({ name, counts }: SequenceEvaluation): string {
  return `<details><summary>${name.replace(/[<>&]/g, '')}</summary>${alphaChart(name, counts)}</details>`;
}

function alphaChart(name: string, { hota }: MotCounts): string {
  const curves = hotaCurves(hota);
  const half = curves.hota[HOTA_ALPHAS.findIndex((alpha) => alpha > 0.49)]!;
  return lineChart({
    title: `${name}: HOTA, DetA, AssA and LocA over the localisation threshold`,
    description: `HOTA is ${(100 * half).toFixed(1)} per cent at a threshold of 0.5.`,
    xLabel: 'IoU from which a box is at the place of an object (alpha)',
    yLabel: 'score',
    series: [
      { name: 'HOTA', x: HOTA_ALPHAS, y: curves.hota },
      { name: 'DetA', x: HOTA_ALPHAS, y: curves.detA },
      { name: 'AssA', x: HOTA_ALPHAS, y: curves.assA },
      { name: 'LocA', x: HOTA_ALPHAS, y: curves.locA },
    ],
  });
}

function incidentTable({ name, incidents }: SequenceEvaluation): string {
  if (incidents.length === 0) return paragraph(`${name}: none.`);
  const rows = incidents.slice(0, MOST_INCIDENTS).map(incidentRow);
  const left = incidents.length - rows.length;
  const table = htmlTable(
    `${name}: every object that was found again, under another id or after a gap`,
    ['what', 'frame', 'object', 'track before', 'track now', 'frames since'],
    rows,
  );
  return left === 0 ? table : table + paragraph(`${left} more are in report.json.`);
}

function incidentRow({ kind, frame, gtId, fromTrackId, toTrackId, gapFrames }: MotIncident): string[] {
  const what = kind === 'id_switch' ? 'identity switch' : 'fragmentation';
  return [what, ...[frame, gtId, fromTrackId, toTrackId, gapFrames].map(String)];
}
