import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { writeDurably } from './durable-file.ts';
import { type EngineFacts, engineKey } from './engine-key.ts';

/** Builds that are remembered; a device has a handful of models. */
const MOST_TIMES = 50;

const timesSchema = z.array(
  z.strictObject({
    modelSha256: z.string(),
    gpu: z.string(),
    precision: z.string(),
    tookMs: z.number().nonnegative(),
  }),
);

const attemptsSchema = z.strictObject({
  attempts: z.int().nonnegative(),
  lastError: z.string().nullable(),
  atMs: z.number(),
});

export type BuildAttempts = z.infer<typeof attemptsSchema>;

const NO_ATTEMPTS: BuildAttempts = { attempts: 0, lastError: null, atMs: 0 };

/** What earlier builds teach: how long one takes, and how often one has failed. Kept beside the engines. */
export class BuildRecord {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** How long the last build of this model on this GPU took, of the same precision if there was one; null: none yet. */
  async expectedMs({ modelSha256, gpu, precision }: EngineFacts): Promise<number | null> {
    const times = await this.#read('times.json', timesSchema, []);
    const ofModel = times.filter((time) => time.modelSha256 === modelSha256 && time.gpu === gpu);
    const best = ofModel.findLast((time) => time.precision === precision) ?? ofModel.at(-1);
    return best?.tookMs ?? null;
  }

  async noteTime({ modelSha256, gpu, precision }: EngineFacts, tookMs: number): Promise<void> {
    const times = await this.#read('times.json', timesSchema, []);
    times.push({ modelSha256, gpu, precision, tookMs });
    await this.#write('times.json', times.slice(-MOST_TIMES));
  }

  /** Builds of this engine that began since the last one that came to be used. */
  attempts(facts: EngineFacts): Promise<BuildAttempts> {
    return this.#read(attemptsFile(facts), attemptsSchema, NO_ATTEMPTS);
  }

  /**
   * Counts an attempt before its build begins, so that one that takes the machine down with it counts, or takes it back.
   * @returns attempts now
   */
  async countAttempt(
    facts: EngineFacts,
    more: -1 | 0 | 1,
    lastError: string | null,
    atMs: number,
  ): Promise<number> {
    const attempts = Math.max(0, (await this.attempts(facts)).attempts + more);
    if (attempts === 0) await this.forgetAttempts(facts);
    else await this.#write(attemptsFile(facts), { attempts, lastError, atMs });
    return attempts;
  }

  async forgetAttempts(facts: EngineFacts): Promise<void> {
    await rm(join(this.#folder, attemptsFile(facts)), { force: true });
  }

  /** A file that is not there, torn or of another version teaches nothing. */
  async #read<T>(name: string, schema: z.ZodType<T>, otherwise: T): Promise<T> {
    const text = await readFile(join(this.#folder, name), 'utf8').catch(() => undefined);
    if (text === undefined) return structuredClone(otherwise);
    try {
      return schema.parse(JSON.parse(text));
    } catch {
      return structuredClone(otherwise);
    }
  }

  async #write(name: string, value: unknown): Promise<void> {
    await mkdir(this.#folder, { recursive: true, mode: 0o750 });
    await writeDurably(join(this.#folder, name), JSON.stringify(value));
  }
}

function attemptsFile(facts: EngineFacts): string {
  return `attempts-${engineKey(facts)}.json`;
}
