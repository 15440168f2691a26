import { RECALL_LEVELS } from '../coco-accumulate.ts';
import { type ClassScores, type CocoStats, statNames } from '../coco-ap.ts';
import type { CocoAnnotations, CocoResult } from '../coco-types.ts';
import { confusionMatrix, detectionOutcomes } from '../detection-outcomes.ts';
import { countByScore } from '../score-counts.ts';
import type { VocScores } from '../voc-ap.ts';
import { histogram, lineChart } from './charts.ts';
import { confusionTables } from './confusion-table.ts';
import { htmlPage, htmlTable, paragraph, percent, section } from './html.ts';
import { worstOutcomes, worstPhotos } from './worst-photos.ts';

export interface DetectReport {
  readonly title: string;
  readonly truth: CocoAnnotations;
  readonly results: readonly CocoResult[];
  readonly coco: CocoStats;
  readonly voc: VocScores;
  /** Detections below it are left out where single ones are shown. */
  readonly minScore: number;
  /** Where each photo is; empty when there are none. */
  readonly paths: ReadonlyMap<number, string>;
}

const BINS = 20;
/** IoU .50, .75 and .90 among the thresholds. */
const SHOWN_THRESHOLDS = [
  [0, 'IoU 0.50'],
  [5, 'IoU 0.75'],
  [8, 'IoU 0.90'],
] as const;
const MOST_CURVES = 12;

/** The page of one evaluation of a detector. */
export async function detectReport(report: DetectReport): Promise<string> {
  const { title, truth, results, coco, voc, minScore, paths } = report;
  const names = new Map(truth.categories.map(({ id, name }) => [id, name]));
  const outcomes = detectionOutcomes(truth, results, minScore);
  const objects = coco.classes.reduce((sum, scores) => sum + scores.objects, 0);
  const counting = coco.classes.filter((scores) => scores.objects > 0);
  return htmlPage(
    title,
    [
      paragraph(
        `${truth.images.length} photos, ${objects} objects of ${counting.length} classes, ${results.length} detections.`,
      ),
      section('Numbers', numbers(coco, voc)),
      section('Precision and recall', meanCurves(counting), ...classCurves(counting)),
      section('Classes', classTable(coco, voc)),
      section(
        'Confusion matrix',
        paragraph(`Detections with a score of ${minScore} or more, at an IoU of 0.5 or more.`),
        confusionTables(confusionMatrix(truth, outcomes), names),
      ),
      section('Scores', scoreHistogram(truth, results)),
      section(
        'Worst photos',
        paragraph(
          `Whole green lines: what is there. Dashed yellow lines: detections with a score of ${minScore} or more.`,
        ),
        await worstPhotos(worstOutcomes(outcomes), paths, names),
      ),
    ].join('\n'),
  );
}

function numbers(coco: CocoStats, voc: VocScores): string {
  const rows = statNames().map((name, index) => [name.replace(/ +/g, ' '), percent(coco.stats[index]!)]);
  return htmlTable(
    'In per cent',
    ['metric', 'value'],
    [
      ...rows,
      ['Pascal VOC AP50 (2010)', percent(voc.ap50)],
      ['Pascal VOC AP50 (2007, 11 points)', percent(voc.ap50Points11)],
    ],
  );
}

function meanCurves(classes: readonly ClassScores[]): string {
  const series = SHOWN_THRESHOLDS.map(([threshold, name]) => ({
    name,
    x: RECALL_LEVELS,
    y: RECALL_LEVELS.map(
      (_, level) =>
        classes.reduce((sum, { curves }) => sum + curves![threshold]!.precision[level]!, 0) /
        Math.max(1, classes.length),
    ),
  }));
  const ends = series.map(({ name, y }) => `${name}: precision ${y[50]!.toFixed(2)} at recall 0.5`);
  return lineChart({
    title: 'Precision over recall, mean of all classes',
    description: `${ends.join('; ')}.`,
    xLabel: 'recall',
    yLabel: 'precision',
    series,
  });
}

/** Curves of the classes with most objects, folded away. */
function classCurves(classes: readonly ClassScores[]): string[] {
  const most = [...classes].sort((a, b) => b.objects - a.objects).slice(0, MOST_CURVES);
  if (most.length < 2) return [];
  const charts = most.map(({ name, objects, curves, ap50 }) =>
    lineChart({
      title: `Precision over recall of ${name}`,
      description: `${objects} objects; AP50 is ${percent(ap50)} per cent.`,
      xLabel: `recall of ${name}, ${objects} objects`,
      yLabel: 'precision',
      series: SHOWN_THRESHOLDS.map(([threshold, label]) => ({
        name: label,
        x: RECALL_LEVELS,
        y: curves![threshold]!.precision,
      })),
    }),
  );
  return [
    `<details><summary>The ${most.length} classes with most objects</summary>${charts.join('\n')}</details>`,
  ];
}

function classTable({ classes }: CocoStats, voc: VocScores): string {
  const vocOf = new Map(voc.classes.map((scores) => [scores.categoryId, scores]));
  return htmlTable(
    'In per cent; a dash where a class has no object',
    ['class', 'objects', 'detections', 'AP', 'AP50', 'AP75', 'AR100', 'VOC AP50'],
    classes.map(({ categoryId, name, objects, detections, ap, ap50, ap75, recall }) => [
      name,
      String(objects),
      String(detections),
      ...[ap, ap50, ap75, recall, vocOf.get(categoryId)?.ap ?? -1].map(percent),
    ]),
  );
}

function scoreHistogram(truth: CocoAnnotations, results: readonly CocoResult[]): string {
  const { right, wrong } = countByScore(truth, results, BINS);
  // The lowest scores are so many that no other column would be seen.
  const [lowest] = wrong.splice(0, 1, 0);
  const [lowestRight] = right.splice(0, 1, 0);
  const sum = (counts: readonly number[]) => counts.reduce((a, b) => a + b, 0);
  const floor = 1 / BINS;
  return (
    histogram(
      'Detections by score',
      `${sum(right)} detections at an object of their class and ${sum(wrong)} others have a score of ${floor} or more.`,
      { name: 'at an object', counts: right },
      { name: 'wrong', counts: wrong },
    ) + paragraph(`Below ${floor}, not drawn: ${lowestRight} at an object of their class, ${lowest} others.`)
  );
}
