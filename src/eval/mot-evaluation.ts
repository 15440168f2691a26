import { existsSync, readdirSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { messageOf, OcellusError } from '../base/errors.ts';
import { readText } from './coco-types.ts';
import type { MotIncident } from './mot-clear.ts';
import { parseMotRows } from './mot-file.ts';
import { combineMot, countMot, type MotCounts } from './mot-metrics.ts';
import { preprocessMotChallenge } from './mot-preprocess.ts';

/** Ground truth and tracks of one sequence. */
export interface MotFiles {
  readonly name: string;
  readonly gt: string;
  readonly tracks: string;
}

export interface SequenceEvaluation {
  readonly name: string;
  readonly counts: MotCounts;
  readonly incidents: readonly MotIncident[];
}

export interface MotEvaluation {
  readonly sequences: readonly SequenceEvaluation[];
  /** All sequences as one, as TrackEval's `COMBINED_SEQ`. */
  readonly combined: MotCounts;
}

/**
 * The sequences that two paths name: two files, or a folder of sequences as MOTChallenge has it (`<seq>/gt/gt.txt`, or
 * `<seq>.txt`) and a folder of results as TrackEval takes it (`<seq>.txt`, or `data/<seq>.txt`).
 *
 * @throws OcellusError `usage` when one is a file and the other a folder, `data_invalid` when a sequence has no tracks
 */
export function findMotFiles(gt: string, tracks: string): MotFiles[] {
  const [gtIsFolder, tracksIsFolder] = [isFolder(gt), isFolder(tracks)];
  if (!gtIsFolder && !tracksIsFolder) return [{ name: basename(tracks).replace(/\.txt$/, ''), gt, tracks }];
  if (!gtIsFolder || !tracksIsFolder) {
    throw new OcellusError('usage', `${gt} and ${tracks} are a file and a folder`, {
      hint: 'give two files, or two folders of sequences',
    });
  }
  const sequences = readdirSync(gt)
    .sort()
    .flatMap((entry) => {
      const name = entry.replace(/\.txt$/, '');
      const path = entry.endsWith('.txt') ? join(gt, entry) : join(gt, entry, 'gt', 'gt.txt');
      return existsSync(path) ? [{ name, gt: path }] : [];
    });
  if (sequences.length === 0) {
    throw new OcellusError('data_invalid', `${gt} holds no sequences`, {
      hint: 'it should hold <sequence>/gt/gt.txt or <sequence>.txt',
    });
  }
  return sequences.map(({ name, gt: file }) => ({ name, gt: file, tracks: tracksOf(name, tracks) }));
}

/** Scores sequences one by one and together. @throws OcellusError `io_failed`, `data_invalid` with file and line */
export function evaluateMot(files: readonly MotFiles[]): MotEvaluation {
  const sequences = files.map(({ name, gt, tracks }) => {
    const incidents: MotIncident[] = [];
    const rows = [gt, tracks].map((path) => parseMotRows(readText(path), path));
    const counts = countMot(preprocessMotChallenge(rows[0]!, rows[1]!), (incident) =>
      incidents.push(incident),
    );
    return { name, counts, incidents };
  });
  return { sequences, combined: combineMot(sequences.map(({ counts }) => counts)) };
}

function tracksOf(name: string, folder: string): string {
  const candidates = [join(folder, `${name}.txt`), join(folder, 'data', `${name}.txt`)];
  const path = candidates.find((candidate) => existsSync(candidate));
  if (path !== undefined) return path;
  throw new OcellusError('data_invalid', `there are no tracks of the sequence ${name}: ${candidates[0]}`, {
    hint: 'write an empty file where a tracker found nothing: it counts as all missed',
  });
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch (cause) {
    throw new OcellusError('io_failed', `cannot read ${path}: ${messageOf(cause)}`, {
      hint: 'check the paths given as --gt and --tracks',
      cause,
    });
  }
}
