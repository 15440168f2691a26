import { createHash } from 'node:crypto';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { z } from 'zod';
import { messageOf, OcellusError } from '../base/errors.ts';

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const sideSchema = z.strictObject({ file: z.string(), sha256 });

/** What `models verify` found, as it lies beside the model that was verified. */
export const verificationSchema = z.strictObject({
  version: z.literal(1),
  verdict: z.enum(['passed', 'failed']),
  /** Why it failed; empty when it passed. */
  reasons: z.array(z.string()),
  model: sideSchema,
  against: sideSchema,
  lossPoints: z.number(),
  maxLossPoints: z.number(),
  pictures: z.int(),
  atMs: z.int(),
  program: z.string(),
});

export type Verification = z.infer<typeof verificationSchema>;

/** `model.onnx` -> `model.verify.json`. */
export function verificationPath(modelFile: string): string {
  return modelFile.replace(/\.onnx$/, '').concat('.verify.json');
}

/** As a whole or not at all. @throws OcellusError `io_failed` */
export function writeVerification(modelFile: string, record: Verification): string {
  const path = verificationPath(modelFile);
  try {
    writeFileSync(`${path}.part`, `${JSON.stringify(record, null, 2)}\n`);
    renameSync(`${path}.part`, path);
    return path;
  } catch (cause) {
    throw new OcellusError(
      'io_failed',
      `the verification cannot be written to ${path}: ${messageOf(cause)}`,
      {
        hint: 'make the folder of the model writable, or pass --no-record',
        cause,
      },
    );
  }
}

export interface KnownVerification {
  /** null: the model was never verified, or another file was that had its name. */
  readonly record: Verification | null;
  /** Why a record that is there does not count. */
  readonly ignored: string | null;
}

/** The record beside a model, if it is about this very file. Never throws: a record that cannot be read is one that is not there. */
export function readVerification(modelFile: string): KnownVerification {
  const path = verificationPath(modelFile);
  if (!existsSync(path)) return { record: null, ignored: null };
  try {
    const record = verificationSchema.parse(JSON.parse(readFileSync(path, 'utf8')));
    const found = createHash('sha256').update(readFileSync(modelFile)).digest('hex');
    if (found === record.model.sha256) return { record, ignored: null };
    return { record: null, ignored: `${path} is about another file than ${modelFile} is now` };
  } catch (error) {
    return { record: null, ignored: `${path} cannot be read: ${messageOf(error)}` };
  }
}

/** @throws OcellusError `model_invalid` for a model that failed, unless that is allowed */
export function requireNotFailed(modelFile: string, { record }: KnownVerification, allowed: boolean): void {
  if (record?.verdict !== 'failed' || allowed) return;
  throw new OcellusError(
    'model_invalid',
    `${modelFile} failed its verification against ${record.against.file}: ${record.reasons.join('; ')}`,
    { hint: 'use the other model, or set `allowFailedVerification: true` to use this one all the same' },
  );
}
