/** What one probe found. `fail` stops a device from doing its work; `warn` does not, yet. */
export interface Finding {
  /** Stable, for scripts: `ffmpeg`, `camera:front`. */
  readonly id: string;
  readonly status: 'ok' | 'warn' | 'fail' | 'skip';
  readonly summary: string;
  readonly detail?: string;
  /** What to do; every `fail` has one. */
  readonly remedy?: string;
}

/** A table for people: status, what was looked at, what was found, and below it what to do. */
export function formatFindings(findings: readonly Finding[]): string {
  const width = Math.max(0, ...findings.map(({ id }) => id.length));
  const indent = ' '.repeat(width + 8);
  const rows = findings.flatMap(({ id, status, summary, detail, remedy }) => [
    `${status.padEnd(4)}  ${id.padEnd(width)}  ${summary}`,
    ...(detail === undefined ? [] : detail.split('\n').map((line) => `${indent}${line}`)),
    ...(remedy === undefined ? [] : [`${indent}-> ${remedy}`]),
  ]);
  return `${rows.join('\n')}\n`;
}
