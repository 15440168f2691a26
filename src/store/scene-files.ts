import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { explain } from '../base/errors.ts';
import type { Logger } from '../base/log.ts';
import {
  type RememberedObject,
  rememberedObjectSchema,
  type SceneMemoryStore,
} from '../flow/scene-memory.ts';

const fileSchema = z.strictObject({ v: z.literal(1), objects: z.array(rememberedObjectSchema) });

/** The stationary objects of each camera as one small JSON file, replaced as a whole: a crash leaves the old or the new one. */
export class SceneFiles implements SceneMemoryStore {
  readonly #folder: string;
  readonly #log: Logger;
  readonly #saved = new Map<string, string>();

  /** @param folder is made with the first save */
  constructor(folder: string, log: Logger) {
    this.#folder = folder;
    this.#log = log;
  }

  load(cameraId: string): RememberedObject[] {
    try {
      return fileSchema.parse(JSON.parse(readFileSync(this.#file(cameraId), 'utf8'))).objects;
    } catch (error) {
      const missing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
      if (!missing) this.#log.warn({ camera: cameraId, error: explain(error) }, 'scene memory ignored');
      return [];
    }
  }

  /** A disk that cannot be written costs the memory over a restart, nothing else. */
  save(cameraId: string, objects: readonly RememberedObject[]): boolean {
    const text = JSON.stringify({ v: 1, objects });
    if (this.#saved.get(cameraId) === text) return true;
    const file = this.#file(cameraId);
    try {
      mkdirSync(this.#folder, { recursive: true });
      writeFileSync(`${file}.tmp`, text);
      renameSync(`${file}.tmp`, file);
      this.#saved.set(cameraId, text);
      return true;
    } catch (error) {
      this.#log.warn({ camera: cameraId, error: explain(error) }, 'scene memory not saved');
      return false;
    }
  }

  #file(cameraId: string): string {
    return join(this.#folder, `${cameraId}.json`);
  }
}
