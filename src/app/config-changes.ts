import { isDeepStrictEqual } from 'node:util';
import type { LoadedConfig } from '../config/load.ts';

/** Deep enough to name a zone, a user or a threshold, and no corner of a polygon. */
const MAX_DEPTH = 4;

/**
 * Where two configurations differ, as paths such as `cameras.front.zones.drive`; what is there on one side only is named as
 * a whole. Holds names, never values: secrets count as the keys that they came from.
 */
export function changedPaths(
  was: Pick<LoadedConfig, 'config' | 'secrets'>,
  is: Pick<LoadedConfig, 'config' | 'secrets'>,
): string[] {
  const paths = [
    ...differences(was.config, is.config, []),
    ...differences(provedBy(was), provedBy(is), []).filter((path) => path !== 'mqtt'),
  ];
  // A user that is new differs as such, and by the password.
  return [...new Set(paths)].filter((path) => !paths.some((other) => path.startsWith(`${other}.`)));
}

function differences(was: unknown, is: unknown, path: readonly string[]): string[] {
  if (isDeepStrictEqual(was, is)) return [];
  if (path.length >= MAX_DEPTH || !isSection(was) || !isSection(is)) return [path.join('.')];
  const keys = new Set([...Object.keys(was), ...Object.keys(is)]);
  return [...keys].flatMap((key) => differences(was[key], is[key], [...path, key]));
}

/** What is kept outside of the configuration, at the keys that it belongs to. */
function provedBy({ config, secrets }: Pick<LoadedConfig, 'config' | 'secrets'>): Record<string, unknown> {
  const named = (hashes: Readonly<Record<string, string>> = {}) =>
    Object.fromEntries(Object.entries(hashes).map(([name, secret]) => [name, { secret }]));
  return {
    ...(config.mqtt && { mqtt: { password: secrets.mqttPassword } }),
    http: {
      users: named(secrets.httpUsers),
      tokens: named(secrets.httpTokens),
      webrtc: { iceServers: secrets.iceCredentials ?? [] },
    },
  };
}

function isSection(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
