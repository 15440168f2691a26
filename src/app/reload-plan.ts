import type { CameraConfig } from '../config/camera-schema.ts';
import type { LoadedConfig } from '../config/load.ts';
import type { Config } from '../config/schema.ts';
import { changedPaths } from './config-changes.ts';

/**
 * What a change takes:
 * - `in_place`: whatever goes by it goes by it from now on
 * - `restart`: the part that it belongs to begins anew (a camera, a model, the connection to the broker, the listener)
 * - `next_start`: the daemon takes it over when it is started the next time
 */
export type Effect = 'in_place' | 'restart' | 'next_start';

/** By path, `*` for any name; the first that a changed path begins with counts. Every section of the schema is in it. */
export const EFFECTS: readonly (readonly [path: string, effect: Effect])[] = [
  // Every topic, event and stored name begins with it.
  ['device', 'next_start'],
  ['log', 'in_place'],
  ['governor', 'in_place'],
  ['storage.path', 'next_start'],
  ['storage', 'in_place'],
  ['mqtt', 'restart'],
  ['models', 'restart'],
  ['classifiers', 'restart'],
  ['reid', 'restart'],
  // Whether streams are copied for viewers goes by it.
  ['http.enabled', 'next_start'],
  ['http.listen', 'restart'],
  ['http.tls.*', 'in_place'],
  ['http.tls', 'restart'],
  ['http', 'in_place'],
  ['cameras.*.enabled', 'in_place'],
  ['cameras.*.detect.enabled', 'in_place'],
  ['cameras.*.priority', 'in_place'],
  ['cameras.*.motion', 'in_place'],
  ['cameras.*.objects', 'in_place'],
  ['cameras.*.zones', 'in_place'],
  ['cameras.*.lines', 'in_place'],
  ['cameras', 'restart'],
];

type Running = Pick<LoadedConfig, 'config' | 'secrets'>;

/** What has to be done for another configuration to be in force. */
export interface ReloadPlan {
  /** Every difference, by path. */
  readonly changed: readonly string[];
  /** Of them, what the running daemon leaves as it is. */
  readonly restartNeeded: readonly string[];
  readonly log: boolean;
  readonly governor: boolean;
  readonly storage: boolean;
  readonly mqtt: boolean;
  readonly http: 'kept' | 'renewed' | 'moved';
  /** Models whose open sessions do not serve any more, as `models.default`. */
  readonly staleModels: ReadonlySet<string>;
  readonly cameras: {
    readonly added: readonly string[];
    readonly removed: readonly string[];
    readonly restarted: readonly string[];
    /** They go on, by other rules. */
    readonly adapted: readonly string[];
  };
}

/** Compares what is in force with what is wanted. Pure. */
export function planReload(running: Running, wanted: Running): ReloadPlan {
  const changed = changedPaths(running, wanted);
  const under = (section: string) => changed.filter((path) => isUnder(path, section));
  const staleModels = new Set(
    ['models', 'classifiers', 'reid'].flatMap((section) =>
      under(section).map((path) => path.split('.').slice(0, 2).join('.')),
    ),
  );
  const http = under('http');
  const isMoved = http.some((path) => effectOf(path) === 'restart');
  return {
    changed,
    restartNeeded: changed.filter((path) => effectOf(path) === 'next_start'),
    log: under('log').length > 0,
    governor: under('governor').length > 0,
    storage: under('storage').some((path) => effectOf(path) === 'in_place'),
    mqtt: under('mqtt').length > 0,
    http: isMoved ? 'moved' : http.length > 0 ? 'renewed' : 'kept',
    staleModels,
    cameras: planCameras(running.config, wanted.config, changed, staleModels),
  };
}

/** What a change of this path takes. @throws Error for a path of no section: the table has to name every one */
export function effectOf(path: string): Effect {
  const found = EFFECTS.find(([pattern]) => isUnder(path, pattern));
  if (found === undefined) throw new Error(`no effect is stated for ${path}`);
  return found[1];
}

function planCameras(
  running: Config,
  wanted: Config,
  changed: readonly string[],
  staleModels: ReadonlySet<string>,
): ReloadPlan['cameras'] {
  const added = Object.keys(wanted.cameras).filter((id) => !Object.hasOwn(running.cameras, id));
  const removed = Object.keys(running.cameras).filter((id) => !Object.hasOwn(wanted.cameras, id));
  const kept = Object.entries(wanted.cameras).filter(([id]) => !added.includes(id));
  const pathsOf = (id: string) => changed.filter((path) => isUnder(path, `cameras.${id}`));
  const restarted = kept
    .filter(
      ([id, camera]) =>
        pathsOf(id).some((path) => effectOf(path) === 'restart') ||
        modelsOf(camera, wanted).some((model) => staleModels.has(model)),
    )
    .map(([id]) => id);
  const adapted = kept.map(([id]) => id).filter((id) => !restarted.includes(id) && pathsOf(id).length > 0);
  return { added, removed, restarted, adapted };
}

/** Every model that a camera runs on, as `models.default`. */
function modelsOf({ model, classify, reid }: CameraConfig, { models }: Config): string[] {
  const smaller = models[model]?.smaller;
  return [
    `models.${model}`,
    ...(smaller === undefined ? [] : [`models.${smaller}`]),
    ...Object.values(classify).map((classifier) => `classifiers.${classifier.model}`),
    ...(reid === undefined ? [] : [`reid.${reid.model}`]),
  ];
}

function isUnder(path: string, pattern: string): boolean {
  const [keys, wanted] = [path.split('.'), pattern.split('.')];
  return wanted.length <= keys.length && wanted.every((key, i) => key === '*' || key === keys[i]);
}
