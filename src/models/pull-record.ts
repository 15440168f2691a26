import { existsSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { z } from 'zod';
import { diskError } from './pull-part.ts';

/** How the checksum of a pulled file was known. */
export type Trust = 'manifest' | 'command_line' | 'recorded' | 'first_use';

const recordSchema = z.object({
  url: z.string().nullable(),
  sha256: z.string(),
  bytes: z.number(),
  trust: z.enum(['manifest', 'command_line', 'recorded', 'first_use']),
  pulledAtMs: z.number(),
});

/** What `<file>.source.json` says of a pulled file. */
export type PullRecord = z.infer<typeof recordSchema>;

/** The record beside a model's file; undefined when there is none that can be read. */
export function readPullRecord(file: string): PullRecord | undefined {
  const path = recordPath(file);
  if (!existsSync(path)) return undefined;
  try {
    return recordSchema.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch {
    // Written by hand or torn: the next pull writes it anew, as for a file that nobody has seen.
    return undefined;
  }
}

/** @throws OcellusError `io_failed` */
export async function writePullRecord(file: string, record: PullRecord): Promise<void> {
  const path = recordPath(file);
  await writeFile(path, `${JSON.stringify(record, null, 2)}\n`).catch((cause) => {
    throw diskError(path, cause);
  });
}

function recordPath(file: string): string {
  return `${file}.source.json`;
}
