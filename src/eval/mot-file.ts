import { OcellusError } from '../base/errors.ts';

/** One line of a MOTChallenge file (ground truth, detections or tracks). */
export interface MotRow {
  /** From 1. */
  readonly frame: number;
  /** -1 in detection files. */
  readonly id: number;
  readonly leftPx: number;
  readonly topPx: number;
  readonly widthPx: number;
  readonly heightPx: number;
  /** Detections and tracks: the score. Ground truth: 0 means "do not evaluate". 1 where the column is absent. */
  readonly score: number;
  /** Ground truth of MOT16 and later: the class (1 is a pedestrian). Undefined in files that have none. */
  readonly classId: number | undefined;
  /** Line in the file, from 1. */
  readonly line: number;
}

/** A day at 100 frames per second and more; beyond it is a mistake that would fill the memory. */
const MAX_FRAME = 10_000_000;
const FORMAT_HINT = 'each line is frame,id,left,top,width,height[,score,...], with frames from 1';
/** MOT16, 17 and 20 ground truth has exactly 9 columns; the 8th is the class. MOT15 has world coordinates there. */
const COLUMNS_WITH_CLASS = 9;
const REQUIRED_COLUMNS = ['frame', 'id', 'left', 'top', 'width', 'height'] as const;

/**
 * Reads a MOTChallenge file. The order of the lines does not matter; empty lines are skipped.
 *
 * @param name how messages call the file
 * @throws OcellusError `data_invalid` with `NAME:LINE: what is wrong`
 */
export function parseMotRows(text: string, name: string): MotRow[] {
  const rows: MotRow[] = [];
  const lines = text.split('\n');
  for (let index = 0; index < lines.length; index += 1) {
    const content = lines[index]!.trim();
    if (content !== '') rows.push(parseLine(content, index + 1, name));
  }
  return rows;
}

function parseLine(content: string, line: number, name: string): MotRow {
  const refuse = (what: string): never => {
    throw new OcellusError('data_invalid', `${name}:${line}: ${what}`, { hint: FORMAT_HINT });
  };
  const columns = content.split(',');
  if (columns.length < REQUIRED_COLUMNS.length) {
    refuse(`${columns.length} columns, at least ${REQUIRED_COLUMNS.length} are needed`);
  }
  const numberAt = (index: number, column: string): number => {
    const cell = columns[index]!.trim();
    const value = cell === '' ? Number.NaN : Number(cell);
    if (!Number.isFinite(value)) refuse(`${column} is "${cell}", not a number`);
    return value;
  };
  const [frame, id, leftPx, topPx, widthPx, heightPx] = REQUIRED_COLUMNS.map((column, index) =>
    numberAt(index, column),
  ) as [number, number, number, number, number, number];
  if (!Number.isInteger(frame) || frame < 1 || frame > MAX_FRAME) {
    refuse(`frame is ${frame}, not a whole number from 1 to ${MAX_FRAME}`);
  }
  if (!Number.isInteger(id)) refuse(`id is ${id}, not a whole number`);
  return {
    frame,
    id,
    leftPx,
    topPx,
    widthPx,
    heightPx,
    score: columns.length > 6 ? numberAt(6, 'score') : 1,
    classId: columns.length === COLUMNS_WITH_CLASS ? numberAt(7, 'class') : undefined,
    line,
  };
}

/** A track's box as a MOTChallenge result line, without its line end. */
export function formatTrackRow(row: Omit<MotRow, 'classId' | 'line'>): string {
  const px = (value: number) => value.toFixed(2);
  const box = [row.leftPx, row.topPx, row.widthPx, row.heightPx].map(px).join(',');
  return `${row.frame},${row.id},${box},${row.score.toFixed(4)},-1,-1,-1`;
}
