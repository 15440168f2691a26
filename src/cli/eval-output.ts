import { type CocoStats, statNames } from '../eval/coco-ap.ts';
import { percent } from '../eval/report/html.ts';
import type { VocScores } from '../eval/voc-ap.ts';
import { formatTable } from './table.ts';

/** What `eval detect` found out. */
export interface DetectEvaluation {
  readonly coco: CocoStats;
  readonly voc: VocScores;
  readonly photos: number;
  readonly detections: number;
  readonly unknownLabels: readonly string[];
  /** Time of COCO's metrics alone. */
  readonly evaluateMs: number;
}

export function toJson({
  coco,
  voc,
  photos,
  detections,
  unknownLabels,
  evaluateMs,
}: DetectEvaluation): string {
  const vocOf = new Map(voc.classes.map((scores) => [scores.categoryId, scores]));
  const classes = coco.classes.map(({ curves: _, ...scores }) => ({
    ...scores,
    vocAp50: vocOf.get(scores.categoryId)?.ap ?? -1,
    vocAp50Points11: vocOf.get(scores.categoryId)?.ap11 ?? -1,
  }));
  const { stats, ap, ap50 } = coco;
  const { ap50: vocAp50, ap50Points11 } = voc;
  return `${JSON.stringify({
    stats,
    ap,
    ap50,
    voc: { ap50: vocAp50, ap50Points11 },
    photos,
    detections,
    unknownLabels,
    classes,
    evaluateMs: Math.round(evaluateMs * 10) / 10,
  })}\n`;
}

export function describeEvaluation({ coco, voc, photos, detections }: DetectEvaluation): string {
  const numbers = statNames().map((name, index) => `${name.padEnd(20)} ${percent(coco.stats[index]!)}\n`);
  const rows = coco.classes
    .filter(({ objects, detections: found }) => objects > 0 || found > 0)
    .map(({ name, objects, ap, ap50, recall }) => [
      name,
      String(objects),
      ...[ap, ap50, recall].map(percent),
    ]);
  return [
    `${photos} photos, ${detections} detections\n\n`,
    ...numbers,
    `${'VOC AP50 (2010)'.padEnd(20)} ${percent(voc.ap50)}\n`,
    `${'VOC AP50 (2007)'.padEnd(20)} ${percent(voc.ap50Points11)}\n\n`,
    formatTable(['class', 'objects', 'AP', 'AP50', 'AR100'], rows, new Set([1, 2, 3, 4])),
  ].join('');
}
