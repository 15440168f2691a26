import type { FileIssue } from '../base/errors.ts';
import { OcellusError } from '../base/errors.ts';
import { redactUrl } from '../base/log.ts';

/** Keys and list indices from the document's root. */
export type Path = readonly (string | number)[];

/** Something wrong at a path; the document knows where that is in the file. */
export interface Finding {
  readonly path: Path;
  readonly message: string;
  readonly hint?: string;
  /** Point at the key, not at its value. */
  readonly atKey?: boolean;
}

/** `['cameras', 'front', 'zones', 'drive', 'polygon', 2]` -> `cameras.front.zones.drive.polygon[2]`. */
export function formatPath(path: Path): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === 'number') return `${text}[${part}]`;
    return text === '' ? part : `${text}.${part}`;
  }, '');
}

/** `FILE:LINE:COL: path: message (hint)`, on one line. */
export function formatIssue(issue: FileIssue): string {
  const where = `${issue.file}:${issue.line}:${issue.column}`;
  const path = issue.path === '' ? '' : `${issue.path}: `;
  const hint = issue.hint === undefined ? '' : ` (${issue.hint})`;
  return `${where}: ${path}${issue.message}${hint}`;
}

/** The error that carries `issues`, sorted as they stand in the file and free of the passwords of URLs. */
export function configInvalid(issues: readonly FileIssue[]): OcellusError {
  const sorted = issues.map(redactIssue).sort((a, b) => a.line - b.line || a.column - b.column);
  return new OcellusError('config_invalid', sorted.map(formatIssue).join('\n'), { issues: sorted });
}

function redactIssue(issue: FileIssue): FileIssue {
  return {
    ...issue,
    path: redactUrl(issue.path),
    message: redactUrl(issue.message),
    ...(issue.hint === undefined ? {} : { hint: redactUrl(issue.hint) }),
  };
}
