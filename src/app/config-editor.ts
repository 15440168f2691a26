import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { Clock } from '../base/clock.ts';
import { OcellusError } from '../base/errors.ts';
import type { Logger } from '../base/log.ts';
import { Turns } from '../base/turns.ts';
import type { CameraConfig } from '../config/camera-schema.ts';
import { readConfigFile, replaceConfigFile } from '../config/config-file.ts';
import { type CameraEdit, editCamera } from '../config/edit-camera.ts';
import type { ConfigOrigin, LoadedConfig } from '../config/load.ts';
import type { Config } from '../config/schema.ts';
import type { ConfigEditor, EditOutcome } from '../preview/ports.ts';
import type { CameraPipeline } from './camera-pipeline.ts';
import { ConfigRevisions, type Revision, revisionOf } from './config-revisions.ts';

export interface ConfigEditorParts {
  /** As it is in force. Its cameras are replaced by edits, for everybody who reads it. */
  readonly config: Config;
  readonly origin: ConfigOrigin | undefined;
  readonly revisions: ConfigRevisions;
  /** Has a running camera go by another configuration. Returns false where a restart is needed for all of it. */
  readonly apply: (cameraId: string, config: CameraConfig) => boolean;
  readonly log: Logger;
}

/** What a running camera takes over at once; all else needs a restart. */
const LIVE_SECTIONS = ['objects', 'motion', 'zones', 'lines'] as const;

/** Edits of the configuration while it runs: checked as at the start, written to its file, in force at once. One at a time. */
export class FileConfigEditor implements ConfigEditor {
  readonly #parts: ConfigEditorParts;
  readonly #turns = new Turns();

  constructor(parts: ConfigEditorParts) {
    this.#parts = parts;
  }

  async revision(): Promise<string> {
    return revisionOf(await readConfigFile(this.#origin().file));
  }

  revisions(): Promise<readonly Revision[]> {
    return this.#parts.revisions.list();
  }

  editCamera(cameraId: string, expected: string, edit: CameraEdit): Promise<EditOutcome> {
    return this.#turns.run(async () => {
      const text = await readConfigFile(this.#origin().file);
      if (revisionOf(text) !== expected) return { kind: 'stale' };
      const edited = editCamera(text, cameraId, edit);
      const next = this.#origin().read(edited);
      this.#refuseSideEffects(text, next, cameraId);
      return this.#takeOver(text, edited, next, [cameraId]);
    });
  }

  restore(revision: string, expected: string): Promise<EditOutcome> {
    return this.#turns.run(async () => {
      const text = await readConfigFile(this.#origin().file);
      if (revisionOf(text) !== expected) return { kind: 'stale' };
      const earlier = await this.#parts.revisions.read(revision);
      if (earlier === undefined) return { kind: 'unknown' };
      const next = this.#origin().read(earlier);
      return this.#takeOver(text, earlier, next, Object.keys(this.#parts.config.cameras));
    });
  }

  async #takeOver(
    was: string,
    text: string,
    next: LoadedConfig,
    cameraIds: readonly string[],
  ): Promise<EditOutcome> {
    const { config, revisions, apply, log } = this.#parts;
    await revisions.keep(was);
    await replaceConfigFile(this.#origin().file, text);
    await revisions.keep(text);
    let isComplete = true;
    for (const cameraId of cameraIds) {
      const [running, wanted] = [config.cameras[cameraId], next.config.cameras[cameraId]];
      if (running === undefined || wanted === undefined) continue;
      const live = withLive(running, wanted);
      if (isDeepStrictEqual(live, running)) continue;
      config.cameras[cameraId] = live;
      if (!apply(cameraId, live)) isComplete = false;
    }
    const revision = revisionOf(text);
    const restartNeeded = !isComplete || !isDeepStrictEqual(next.config, config);
    log.info({ revision, cameras: cameraIds, restartNeeded }, 'configuration was edited');
    return { kind: 'done', revision, restartNeeded };
  }

  /** Anchors of YAML may share a section among cameras: who edits one does not mean the others. */
  #refuseSideEffects(text: string, next: LoadedConfig, cameraId: string): void {
    const others = ({ config }: LoadedConfig) => ({
      ...config,
      cameras: { ...config.cameras, [cameraId]: null },
    });
    if (isDeepStrictEqual(others(this.#origin().read(text)), others(next))) return;
    throw new OcellusError(
      'data_invalid',
      'the edit would change more than this camera: the file shares its section',
      {
        hint: 'write the section out for each camera in the file',
      },
    );
  }

  #origin(): ConfigOrigin {
    const { origin } = this.#parts;
    if (origin !== undefined) return origin;
    throw new OcellusError(
      'data_invalid',
      'the configuration did not come from a file, so that edits have nowhere to go',
      {
        hint: 'start with `ocellus run -c FILE`',
      },
    );
  }
}

/** The editor of a daemon. @param storageFolder where revisions are kept */
export function configEditor(
  { config, origin, clock, log }: LoadedConfig & { readonly clock: Clock; readonly log: Logger },
  storageFolder: string,
  cameras: ReadonlyMap<string, Pick<CameraPipeline, 'apply'>>,
): FileConfigEditor {
  const revisions = new ConfigRevisions(join(storageFolder, 'revisions'), clock);
  const apply = (cameraId: string, camera: CameraConfig) => cameras.get(cameraId)?.apply(camera) ?? true;
  return new FileConfigEditor({ config, origin, revisions, apply, log });
}

/** A running camera with what it can take over of another configuration. */
function withLive(running: CameraConfig, wanted: CameraConfig): CameraConfig {
  const live = Object.fromEntries(LIVE_SECTIONS.map((section) => [section, wanted[section]]));
  // The gate's mode is asked for in more places than can be told at once.
  return { ...running, ...live, motion: { ...wanted.motion, mode: running.motion.mode } };
}
