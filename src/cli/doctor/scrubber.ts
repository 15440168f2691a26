import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { redactUrl } from '../../base/log.ts';
import type { LoadedConfig } from '../../config/load.ts';
import type { Environment } from '../../device/machine-record.ts';

const MASK = '***';
/** Shorter ones are words that stand everywhere, and no secrets. */
const SHORTEST = 4;
const FILE_LIMIT = 64 * 1024;

/** What looks like a secret wherever it stands, most of it in logs. */
const PATTERNS: readonly (readonly [pattern: RegExp, replacement: string])[] = [
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g, MASK],
  [/\$(?:scrypt|argon2\w*|2[aby]|[1567y])\$[^\s"']+/g, MASK],
  [/\b(Bearer|Basic|Digest)\s+[A-Za-z0-9+/=._~-]{6,}/gi, `$1 ${MASK}`],
];

/** A name of a secret and its value, as YAML, JSON (also within a string of JSON), headers and command lines write them. */
const NAMED_VALUE =
  /((?:pass(?:word|wd|phrase)?|pwd|secret|token|api[_-]?key|private[_-]?key|credentials?|cookie|authorization)(?:\\*["'])?\s*[:=]\s*)(\\*"[^"\\\n]*\\*"|'[^'\n]*'|[^\s,;}\]"'\\]+)/gi;

/**
 * Takes secrets out of text that leaves the device: those that are known by their values, wherever they stand and however a
 * URL writes them, and what looks like one.
 */
export class Scrubber {
  readonly #values: readonly string[];

  /** @param secrets values that must not stand anywhere */
  constructor(secrets: Iterable<string>) {
    const forms = [...secrets].flatMap((secret) => [
      secret,
      encodeURIComponent(secret),
      encodeURI(secret),
      JSON.stringify(secret).slice(1, -1),
      Buffer.from(secret).toString('base64').replace(/=+$/, ''),
    ]);
    // The longest first, so that no part of one is left.
    this.#values = [...new Set(forms)]
      .filter((value) => value.length >= SHORTEST)
      .sort((a, b) => b.length - a.length);
  }

  scrub(text: string): string {
    const known = this.#values.reduce((rest, value) => rest.replaceAll(value, MASK), text);
    const patterned = PATTERNS.reduce(
      (rest, [pattern, mask]) => rest.replace(pattern, mask),
      redactUrl(known),
    );
    return patterned.replace(NAMED_VALUE, (_, name: string, value: string) => {
      // The quotes stay, so that JSON stays JSON.
      const quote = /^\\*["']/.exec(value)?.[0] ?? '';
      return `${name}${quote}${MASK}${quote}`;
    });
  }
}

/** Every secret that a configuration names, wherever it keeps it. @param text of the file; empty where there is none */
export function secretsOf(
  text: string,
  loaded: LoadedConfig | undefined,
  environment: Environment,
): string[] {
  const baseDir = loaded?.baseDir ?? '.';
  const named = [...text.matchAll(/\$\{env:(\w+)\}/g)].flatMap(([, name]) => environment[name!] ?? []);
  const files = [
    ...text.matchAll(/\$\{file:([^}]+)\}/g),
    ...text.matchAll(/\b(?:passwordFile|tokenFile|keyFile)["']?:\s*["']?([^\s"',}]+)/g),
  ].flatMap(([, path]) => secretIn(resolve(baseDir, path!)));
  const written = [
    ...text.matchAll(/:\/\/[^/\s:@]*:([^@\s]+)@/g),
    ...text.matchAll(/\b(?:password|credential|passwordHash|tokenHash)["']?:\s*["']?([^\s"',}]+)/g),
  ].map(([, value]) => value!);
  const inUrls = Object.values(loaded?.config.cameras ?? {}).flatMap(({ source }) => {
    const url = URL.canParse(source) ? new URL(source) : undefined;
    return url === undefined ? [] : [url.password, decodeURIComponent(url.password)];
  });
  const { mqttPassword, httpUsers = {}, httpTokens = {}, iceCredentials = [] } = loaded?.secrets ?? {};
  const kept = [mqttPassword, ...Object.values(httpUsers), ...Object.values(httpTokens), ...iceCredentials];
  return [...named, ...files, ...written, ...inUrls, ...kept.flatMap((secret) => secret ?? [])].filter(
    // What only points at a secret is none.
    (value) => value !== '' && !value.startsWith('${'),
  );
}

/** A file that cannot be read has been reported as such, and cannot be told on. */
function secretIn(file: string): string[] {
  try {
    const text = readFileSync(file, 'utf8').slice(0, FILE_LIMIT).trim();
    return [text, ...text.split('\n').map((line) => line.trim())];
  } catch {
    return [];
  }
}
