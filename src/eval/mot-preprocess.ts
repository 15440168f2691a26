import { OcellusError } from '../base/errors.ts';
import { AssignmentSolver } from '../track/assignment.ts';
import type { MotRow } from './mot-file.ts';
import { type MotSequence, MotSequenceBuilder, similarityOf } from './mot-sequence.ts';

const PEDESTRIAN = 1;
/** Person on a vehicle, static person, distractor, reflection: following one of these is neither right nor wrong. */
const DISTRACTORS: ReadonlySet<number> = new Set([2, 7, 8, 12]);
const DISTRACTOR_IOU = 0.5;

/**
 * MOTChallenge's rules for what is scored, as TrackEval applies them. Ground truth marked 0 is left out. Where the
 * ground truth has classes (MOT16 and later), tracked boxes that match a distractor are removed, then only pedestrians
 * stay.
 *
 * @throws OcellusError `data_invalid` when an id occurs twice in one frame
 */
export function preprocessMotChallenge(gt: readonly MotRow[], tracked: readonly MotRow[]): MotSequence {
  const hasClasses = gt.some((row) => row.classId !== undefined);
  const gtByFrame = byFrame(gt, 'ground truth');
  const trackedByFrame = byFrame(tracked, 'tracks');
  const lastFrame = Math.max(0, ...gtByFrame.keys(), ...trackedByFrame.keys());
  const builder = new MotSequenceBuilder();
  const solver = new AssignmentSolver();
  for (let frame = 1; frame <= lastFrame; frame += 1) {
    const frameGt = gtByFrame.get(frame) ?? [];
    const frameTracked = trackedByFrame.get(frame) ?? [];
    builder.add(
      frameGt.filter((row) => row.score !== 0 && (!hasClasses || row.classId === PEDESTRIAN)),
      hasClasses ? withoutDistracted(frameGt, frameTracked, solver) : frameTracked,
    );
  }
  return builder.build();
}

function withoutDistracted(
  gt: readonly MotRow[],
  tracked: readonly MotRow[],
  solver: AssignmentSolver,
): MotRow[] {
  const gain = similarityOf(gt, tracked).map((value) =>
    value < DISTRACTOR_IOU - Number.EPSILON ? 0 : value,
  );
  const colOfRow = new Int32Array(gt.length);
  solver.solve(gain, gt.length, tracked.length, colOfRow);
  const distracted = new Set<number>();
  gt.forEach((row, index) => {
    if (DISTRACTORS.has(row.classId ?? PEDESTRIAN)) distracted.add(colOfRow[index]!);
  });
  return tracked.filter((_, index) => !distracted.has(index));
}

function byFrame(rows: readonly MotRow[], what: string): Map<number, MotRow[]> {
  const frames = new Map<number, MotRow[]>();
  const seen = new Set<string>();
  for (const row of rows) {
    const key = `${row.frame}/${row.id}`;
    if (seen.has(key)) {
      throw new OcellusError(
        'data_invalid',
        `${what}, line ${row.line}: id ${row.id} occurs twice in frame ${row.frame}`,
        { hint: 'give every object one box per frame' },
      );
    }
    seen.add(key);
    const frame = frames.get(row.frame);
    if (frame === undefined) frames.set(row.frame, [row]);
    else frame.push(row);
  }
  return frames;
}
