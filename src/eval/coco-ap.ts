import { accumulate, type PrecisionRecall } from './coco-accumulate.ts';
import { type ClassGroups, groupByClassAndPhoto } from './coco-groups.ts';
import { IOU_THRESHOLDS, matchPhoto } from './coco-matching.ts';
import type { CocoAnnotations, CocoResult } from './coco-types.ts';

/** COCO's size classes by area in square pixels. */
const AREA_RANGES = {
  all: { min: 0, max: 1e10 },
  small: { min: 0, max: 32 ** 2 },
  medium: { min: 32 ** 2, max: 96 ** 2 },
  large: { min: 96 ** 2, max: 1e10 },
} as const;
const SIZES = ['small', 'medium', 'large'] as const;
const AP75 = 5;

/** Most detections of one photo and class, for the three average recalls; the last one is that of every AP. */
export type MaxDetections = readonly [number, number, number];
export const MAX_DETECTIONS: MaxDetections = [1, 10, 100];

/** One class of an evaluation; scores are -1 where it has no object. */
export interface ClassScores {
  readonly categoryId: number;
  readonly name: string;
  /** Objects that count: no crowds, none that is difficult. */
  readonly objects: number;
  readonly detections: number;
  readonly ap: number;
  readonly ap50: number;
  readonly ap75: number;
  readonly recall: number;
  /** Curves per IoU threshold; undefined where the class has no object. */
  readonly curves: readonly PrecisionRecall[] | undefined;
}

/** The twelve numbers of COCO detection evaluation, -1 where nothing is defined. */
export interface CocoStats {
  /**
   * AP, AP50, AP75, AP small, medium, large, AR at 1, 10, 100 detections, AR small, medium, large: pycocotools' `stats`.
   */
  readonly stats: readonly number[];
  readonly ap: number;
  readonly ap50: number;
  readonly classes: readonly ClassScores[];
}

/**
 * Box evaluation as `COCOeval` of pycocotools (iouType `bbox`) does it: 101-point interpolated precision, averaged over
 * classes and IoU .50:.05:.95, with crowds and areas ignored where they have to be. Photos and classes are those that
 * `truth` lists.
 */
export function evaluateCocoBoxes(
  truth: CocoAnnotations,
  results: readonly CocoResult[],
  maxDetections: MaxDetections = MAX_DETECTIONS,
): CocoStats {
  const groups = groupByClassAndPhoto(truth, results, maxDetections[2]);
  const all = groups.map(({ photos }) => {
    const matches = photos.map((photo) => matchPhoto(photo, AREA_RANGES.all));
    const objects = matches.reduce((sum, match) => sum + match.objects, 0);
    return { objects, byLimit: maxDetections.map((limit) => accumulate(photos, matches, limit)) };
  });
  const sizes = SIZES.map((size) => groups.map((group) => curvesOf(group, size, maxDetections[2])));
  const whole = all.map(({ byLimit }) => byLimit[2]);
  const stats = [
    meanPrecision(whole),
    meanPrecision(whole, 0),
    meanPrecision(whole, AP75),
    ...sizes.map((curves) => meanPrecision(curves)),
    ...maxDetections.map((_, limit) => meanRecall(all.map(({ byLimit }) => byLimit[limit]))),
    ...sizes.map(meanRecall),
  ];
  const names = new Map(truth.categories.map(({ id, name }) => [id, name]));
  const classes = groups.map(({ categoryId, photos }, index) => ({
    categoryId,
    name: names.get(categoryId)!,
    objects: all[index]!.objects,
    detections: photos.reduce((sum, { detections }) => sum + detections.length, 0),
    ap: meanPrecision([whole[index]]),
    ap50: meanPrecision([whole[index]], 0),
    ap75: meanPrecision([whole[index]], AP75),
    recall: meanRecall([whole[index]]),
    curves: whole[index],
  }));
  return { stats, ap: stats[0]!, ap50: stats[1]!, classes };
}

type Curves = readonly PrecisionRecall[] | undefined;

function curvesOf({ photos }: ClassGroups, size: keyof typeof AREA_RANGES, limit: number): Curves {
  const matches = photos.map((photo) => matchPhoto(photo, AREA_RANGES[size]));
  return accumulate(photos, matches, limit);
}

/** Mean interpolated precision over the classes that have objects; of one IoU threshold, or of all. */
function meanPrecision(classes: readonly Curves[], threshold?: number): number {
  const rows = classes.flatMap((curves) =>
    curves === undefined ? [] : threshold === undefined ? curves : [curves[threshold]!],
  );
  return mean(rows.map(({ precision }) => precision.reduce((a, b) => a + b, 0) / precision.length));
}

function meanRecall(classes: readonly Curves[]): number {
  return mean(classes.flatMap((curves) => curves?.map(({ recall }) => recall) ?? []));
}

function mean(values: readonly number[]): number {
  return values.length === 0 ? -1 : values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** What each of the twelve numbers is, in pycocotools' order. */
export function statNames([one, ten, hundred]: MaxDetections = MAX_DETECTIONS): readonly string[] {
  const upTo = `${IOU_THRESHOLDS[0]!.toFixed(2)}:${IOU_THRESHOLDS.at(-1)!.toFixed(2)}`;
  return [
    `AP    IoU ${upTo}`,
    'AP50  IoU 0.50',
    'AP75  IoU 0.75',
    'AP    small',
    'AP    medium',
    'AP    large',
    `AR    ${one} per photo`,
    `AR    ${ten} per photo`,
    `AR    ${hundred} per photo`,
    'AR    small',
    'AR    medium',
    'AR    large',
  ];
}
