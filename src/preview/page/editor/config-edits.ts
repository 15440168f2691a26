import type { ConfigIssue } from '../server/contract.ts';
import { RequestError, requestJson } from '../server/request.ts';
import { type CameraShapes, cameraShapesOf, keyOfPath, type Shape, shapesOf } from './draft.ts';

interface ConfigAnswer {
  readonly revision: string | number;
  readonly config: {
    readonly cameras: Readonly<
      Record<string, Partial<Omit<CameraShapes, 'masks'>> & { motion?: Partial<Pick<CameraShapes, 'masks'>> }>
    >;
  };
}

export interface LoadedShapes {
  readonly revision: string;
  readonly shapes: readonly Shape[];
}

/** What came of saving. */
export type SaveOutcome =
  | { readonly kind: 'saved'; readonly revision: string }
  /** Somebody else has changed the configuration since it was loaded. */
  | { readonly kind: 'stale' }
  /** By key of the shape, and what is about none. */
  | {
      readonly kind: 'refused';
      readonly byKey: ReadonlyMap<string, string>;
      readonly others: readonly string[];
    };

export async function loadShapes(cameraId: string): Promise<LoadedShapes> {
  const { revision, config } = await requestJson<ConfigAnswer>('/api/config');
  const { zones = {}, lines = {}, motion = {} } = config.cameras[cameraId] ?? {};
  return { revision: String(revision), shapes: shapesOf({ zones, lines, masks: motion.masks ?? [] }) };
}

/** @throws RequestError for what is neither a stale revision nor a refusal with issues */
export async function saveShapes(
  cameraId: string,
  shapes: readonly Shape[],
  revision: string,
): Promise<SaveOutcome> {
  try {
    const answer = await requestJson<{ revision: string | number }>(
      `/api/config/cameras/${encodeURIComponent(cameraId)}`,
      { method: 'PATCH', json: cameraShapesOf(shapes), headers: { 'if-match': `"${revision}"` } },
    );
    return { kind: 'saved', revision: String(answer.revision) };
  } catch (error) {
    if (!(error instanceof RequestError)) throw error;
    if (error.status === 412) return { kind: 'stale' };
    const { issues } = error.problem;
    if (error.status !== 422 || issues === undefined) throw error;
    return refused(issues, shapes);
  }
}

function refused(issues: readonly ConfigIssue[], shapes: readonly Shape[]): SaveOutcome {
  const byKey = new Map<string, string>();
  const others: string[] = [];
  for (const { path, message, hint } of issues) {
    const text = hint === undefined ? message : `${message} (${hint})`;
    const key = keyOfPath(path, shapes);
    if (key === undefined) others.push(`${path}: ${text}`);
    else byKey.set(key, text);
  }
  return { kind: 'refused', byKey, others };
}
