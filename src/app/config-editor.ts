import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { Clock } from '../base/clock.ts';
import { OcellusError } from '../base/errors.ts';
import type { Logger } from '../base/log.ts';
import { Turns } from '../base/turns.ts';
import { readConfigFile, replaceConfigFile } from '../config/config-file.ts';
import { type CameraEdit, editCamera } from '../config/edit-camera.ts';
import type { ConfigOrigin, LoadedConfig } from '../config/load.ts';
import type { ConfigEditor, EditOutcome } from '../preview/ports.ts';
import { ConfigRevisions, type Revision, revisionOf } from './config-revisions.ts';
import type { ReloadReport } from './reload-report.ts';

export interface ConfigEditorParts {
  readonly origin: ConfigOrigin | undefined;
  readonly revisions: ConfigRevisions;
  /** Puts what the file says now into force. */
  readonly takeOver: (wanted: LoadedConfig) => Promise<ReloadReport>;
  readonly log: Logger;
}

/** Edits of the configuration while it runs: checked as at the start, written to its file, and put into force like any other text of it. One at a time. */
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
      return this.#takeOver(text, edited, next);
    });
  }

  restore(revision: string, expected: string): Promise<EditOutcome> {
    return this.#turns.run(async () => {
      const text = await readConfigFile(this.#origin().file);
      if (revisionOf(text) !== expected) return { kind: 'stale' };
      const earlier = await this.#parts.revisions.read(revision);
      if (earlier === undefined) return { kind: 'unknown' };
      const next = this.#origin().read(earlier);
      return this.#takeOver(text, earlier, next);
    });
  }

  async #takeOver(was: string, text: string, next: LoadedConfig): Promise<EditOutcome> {
    const { revisions, takeOver, log } = this.#parts;
    await revisions.keep(was);
    await replaceConfigFile(this.#origin().file, text);
    await revisions.keep(text);
    const revision = revisionOf(text);
    log.info({ revision }, 'configuration was edited');
    const { outcome, restartNeeded } = await takeOver(next);
    const isInForce = outcome === 'applied' || outcome === 'unchanged';
    return { kind: 'done', revision, restartNeeded: !isInForce || restartNeeded.length > 0 };
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
  { origin, clock, log }: LoadedConfig & { readonly clock: Clock; readonly log: Logger },
  storageFolder: string,
  takeOver: ConfigEditorParts['takeOver'],
): FileConfigEditor {
  const revisions = new ConfigRevisions(join(storageFolder, 'revisions'), clock);
  return new FileConfigEditor({ origin, revisions, takeOver, log });
}
