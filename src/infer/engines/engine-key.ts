import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { z } from 'zod';
import type { ModelSummary } from '../../models/model-summary.ts';

/** Everything that an engine is good for, and nothing else: of two engines with equal facts either serves. */
export const engineFactsSchema = z.strictObject({
  /** Of the model's file and of those with its weights. */
  modelSha256: z.string(),
  /** As CUDA calls it. */
  gpu: z.string(),
  /** Such as `8.7`. */
  computeCapability: z.string(),
  tensorRt: z.string(),
  onnxRuntime: z.string(),
  precision: z.enum(['fp32', 'fp16', 'int8']),
  /** Options of the provider, but those that say where files lie. */
  options: z.record(z.string(), z.string()),
});

export type EngineFacts = z.infer<typeof engineFactsSchema>;

/** Name of the engine with these facts: 32 hexadecimal digits. */
export function engineKey(facts: EngineFacts): string {
  return createHash('sha256').update(canonical(facts)).digest('hex').slice(0, 32);
}

export function sameFacts(a: EngineFacts, b: EngineFacts): boolean {
  return canonical(a) === canonical(b);
}

/** SHA-256 of a model, hexadecimal: of its file, then of each file with weights in the order of their names. */
export async function modelSha256({
  file,
  externalData,
}: Pick<ModelSummary, 'file' | 'externalData'>): Promise<string> {
  const weights = externalData.map(({ path }) => path).sort();
  const sums = await Promise.all([file, ...weights].map(fileSha256));
  return sums.length === 1 ? sums[0]! : createHash('sha256').update(sums.join('\n')).digest('hex');
}

/** Reads a file in pieces; hexadecimal. Rejects as the file system does. */
export async function fileSha256(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const piece of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(piece);
  return hash.digest('hex');
}

function canonical(facts: EngineFacts): string {
  const options = Object.entries(facts.options).sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify(Object.entries({ ...facts, options }).sort(([a], [b]) => (a < b ? -1 : 1)));
}
