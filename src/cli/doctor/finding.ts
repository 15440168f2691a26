import { z } from 'zod';

/** What one probe found. `fail` stops a device from doing its work; `warn` does not, yet. */
export const findingSchema = z.strictObject({
  id: z.string().min(1).describe('Stable, for scripts: `ffmpeg`, `camera:front`'),
  status: z
    .enum(['ok', 'warn', 'fail', 'skip'])
    .describe(
      'fail stops the device from doing its work; warn does not, yet; skip: not examined, or not needed',
    ),
  summary: z.string().min(1).describe('What was found, one line'),
  detail: z.string().optional().describe('More lines: what a program or the system said'),
  remedy: z.string().min(1).optional().describe('What to do; every fail has one'),
});

export type Finding = z.infer<typeof findingSchema>;

/** JSON Schema of what `doctor --json` prints. */
export function findingsJsonSchema(): Record<string, unknown> {
  return z.toJSONSchema(z.array(findingSchema).describe('Findings of `ocellus doctor`'));
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
