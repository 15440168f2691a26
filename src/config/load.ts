import { readFileSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { OcellusError } from '../base/errors.ts';
import { crossCheck, type StatedModels } from './cross-checks.ts';
import { fillEmptySections } from './empty-sections.ts';
import { type Environment, fileProblem, interpolate } from './interpolate.ts';
import { configInvalid, type Finding, type Path } from './issue.ts';
import { configJsonSchema, type JsonSchema } from './json-schema.ts';
import { resolveFiles, type Secrets } from './referenced-files.ts';
import { type Config, configSchema } from './schema.ts';
import { parseYaml } from './yaml-document.ts';
import { findingsOf, valueAt } from './zod-findings.ts';

/** Hundreds of cameras fit; anything larger was named by mistake. */
const MAX_CONFIG_BYTES = 1024 * 1024;

export interface LoadedConfig {
  /** Validated, with every default filled in and every path absolute. Holds no broker password. */
  readonly config: Config;
  /** The folder of the file, absolute. */
  readonly baseDir: string;
  readonly secrets: Secrets;
  /** The file that it came from; absent for one that was made up. */
  readonly origin?: ConfigOrigin;
}

export interface ConfigOrigin {
  /** Absolute. */
  readonly file: string;
  /** Checks and completes another text as that of this file. @throws OcellusError as `loadConfig` */
  readonly read: (text: string) => LoadedConfig;
  /** Reads it anew, with all that it names. @throws OcellusError as `loadConfig` */
  readonly load: () => LoadedConfig;
}

/**
 * Reads, checks and completes a configuration. An empty file is the defaults.
 *
 * @param file as the person named it; messages repeat it so
 * @param environment for `${env:NAME}`
 * @throws OcellusError `config_unreadable`; `config_invalid` with all `issues` at once, whose message has a line for each
 */
export function loadConfig(file: string, environment: Environment): LoadedConfig {
  return parseConfig(file, readConfigText(file), environment);
}

function parseConfig(file: string, text: string, environment: Environment): LoadedConfig {
  const baseDir = dirname(resolve(file));
  const document = parseYaml(file, text);
  if (!('data' in document)) throw configInvalid(document);

  const interpolated = interpolate(document.data, environment, baseDir);
  const schema = configJsonSchema();
  const { config, findings, stated } = validate(fillEmptySections(interpolated.data, schema), schema);
  const broken = new Set(interpolated.findings.map((finding) => JSON.stringify(finding.path)));
  const resolved = config === undefined ? undefined : resolveFiles(config, baseDir);
  const all = [
    ...interpolated.findings,
    // What could not be interpolated is broken for that reason alone.
    ...[
      ...findings,
      ...(config === undefined ? [] : crossCheck(config, stated)),
      ...(resolved?.findings ?? []),
    ].filter((finding) => !broken.has(JSON.stringify(finding.path))),
  ];
  if (all.length > 0 || resolved === undefined) throw configInvalid(all.map(document.locate));
  const origin = {
    file: resolve(file),
    read: (other: string) => parseConfig(file, other, environment),
    load: () => loadConfig(file, environment),
  };
  return { config: resolved.config, baseDir, secrets: resolved.secrets, origin };
}

function readConfigText(file: string): string {
  try {
    const { size } = statSync(file);
    if (size > MAX_CONFIG_BYTES) {
      throw new OcellusError('config_unreadable', `${file} is larger than 1 MiB`, {
        hint: 'is this the configuration file?',
      });
    }
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (error instanceof OcellusError) throw error;
    const { message, hint } = fileProblem(resolve(file), error);
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    throw new OcellusError('config_unreadable', message, {
      hint: missing ? 'name the file with -c FILE, or start from config/ocellus.yaml' : hint,
      cause: error,
    });
  }
}

interface Validated {
  /** What is left of the configuration without its faulty parts; undefined when nothing could be saved. */
  readonly config: Config | undefined;
  readonly findings: readonly Finding[];
  readonly stated: StatedModels;
}

/** Validates, and leaves faulty parts out until the rest is sound, so that the rest can be checked further. */
function validate(data: unknown, schema: JsonSchema): Validated {
  const namesIn = (section: string) => Object.keys(valueAt(data, [section]) ?? {});
  const stated = { models: namesIn('models'), classifiers: namesIn('classifiers'), reid: namesIn('reid') };
  const first = configSchema.safeParse(data);
  if (first.success) return { config: first.data, findings: [], stated };
  const findings = findingsOf(first.error.issues, data, schema);
  let rest = data;
  for (let faulty = findings.map((finding) => finding.path), round = 0; round < 8; round++) {
    rest = without(rest, faulty);
    const again = configSchema.safeParse(rest);
    if (again.success) return { config: again.data, findings, stated };
    faulty = again.error.issues.map((issue) => issue.path as Path);
  }
  return { config: undefined, findings, stated };
}

/** A copy of `data` without the key nearest to each path: of a list the whole list, of a missing key its section. */
function without(data: unknown, paths: readonly Path[]): unknown {
  return paths.map((path) => removable(data, path)).reduce(remove, data);
}

function removable(data: unknown, path: Path): Path {
  const index = path.findIndex((part) => typeof part === 'number');
  let keys = index === -1 ? path : path.slice(0, index);
  while (keys.length > 0 && valueAt(data, keys) === undefined) keys = keys.slice(0, -1);
  return keys;
}

function remove(node: unknown, [key, ...deeper]: Path): unknown {
  if (key === undefined) return {};
  if (typeof node !== 'object' || node === null) return node;
  const { [String(key)]: child, ...others } = node as Record<string, unknown>;
  return deeper.length === 0 || child === undefined ? others : { ...others, [key]: remove(child, deeper) };
}
