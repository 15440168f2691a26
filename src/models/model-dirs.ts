import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The manifests that come with the program: `models/` of the package, from `src/models/` as from `dist/models/`. */
export const SHIPPED_MODELS_DIR = fileURLToPath(new URL('../../models/', import.meta.url));

/** Where the system's service keeps what it owns: `storage.path` unless configured otherwise. */
const SYSTEM_MODELS_DIR = '/var/lib/ocellus/models';

/** What of the process decides where its models are. */
export interface ModelDirsContext {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string;
  /** Effective user id; 0 is root. */
  readonly uid: number;
}

export function processContext(): ModelDirsContext {
  return { env: process.env, home: homedir(), uid: process.geteuid?.() ?? -1 };
}

/**
 * Folders in which a manifest id is looked for, the first one first: beside the configuration (or in the working
 * directory), where `models pull` puts files for this user, the service's own, and what comes with the program.
 */
export function modelDirs(baseDir: string, context: ModelDirsContext = processContext()): string[] {
  const dirs = [join(baseDir, 'models'), pullDir(context), SYSTEM_MODELS_DIR, SHIPPED_MODELS_DIR];
  return [...new Set(dirs)];
}

/**
 * Where `models pull` puts files unless told otherwise: `OCELLUS_MODELS_DIR`; for root and the service what the service
 * reads; for anybody else the data folder of the XDG base directory specification.
 */
export function pullDir({ env, home, uid }: ModelDirsContext = processContext()): string {
  if (env.OCELLUS_MODELS_DIR) return env.OCELLUS_MODELS_DIR;
  if (env.STATE_DIRECTORY) return join(env.STATE_DIRECTORY.split(':')[0]!, 'models');
  if (uid === 0) return SYSTEM_MODELS_DIR;
  // The specification has relative paths ignored.
  const data = env.XDG_DATA_HOME && isAbsolute(env.XDG_DATA_HOME) ? env.XDG_DATA_HOME : undefined;
  return join(data ?? join(home, '.local', 'share'), 'ocellus', 'models');
}
