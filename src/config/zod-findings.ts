import type { z } from 'zod';
import { type Finding, formatPath, type Path } from './issue.ts';
import { type JsonSchema, schemaAt, schemaPaths } from './json-schema.ts';
import { closest } from './suggest.ts';

type ZodIssue = z.core.$ZodIssue;

/**
 * zod's issues in words for the person who wrote the file, with what to try. Values are never repeated: any may be a
 * secret.
 *
 * @param data what zod read
 * @param root the JSON Schema of the same, which knows every key and its description
 */
export function findingsOf(issues: readonly ZodIssue[], data: unknown, root: JsonSchema): Finding[] {
  return issues.flatMap((issue) => explain(issue, data, root));
}

function explain(issue: ZodIssue, data: unknown, root: JsonSchema): Finding[] {
  const path = issue.path as Path;
  const value = valueAt(data, path);
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => unknownKey(path, key, root));
    case 'invalid_type':
      return [wrongType(path, issue.expected, value, root)];
    case 'invalid_value':
      return [notOneOf(path, issue.values.map(String), value)];
    case 'too_small':
      return [outOfRange(path, issue.origin, `at least ${issue.minimum}`, issue.inclusive ?? true, root)];
    case 'too_big':
      return [outOfRange(path, issue.origin, `at most ${issue.maximum}`, issue.inclusive ?? true, root)];
    case 'invalid_key': {
      const names = schemaAt(root, path.slice(0, -1))?.propertyNames?.enum?.map(String);
      if (names !== undefined) return [{ ...notOneOf(path, names, path.at(-1)), atKey: true }];
      return [
        { path, message: 'this name cannot be used', hint: issue.issues[0]?.message ?? '', atKey: true },
      ];
    }
    case 'invalid_format':
      return [{ path, message: 'not in the form expected', hint: issue.message }];
    default:
      return [{ path, message: issue.message }];
  }
}

function unknownKey(path: Path, key: string, root: JsonSchema): Finding {
  const section = schemaAt(root, path);
  const here = Object.keys(section?.properties ?? {}).concat(section?.propertyNames?.enum?.map(String) ?? []);
  const finding = { path: [...path, key], message: `unknown key "${key}"`, atKey: true };
  if (key === '<<') return { ...finding, hint: 'merge keys are not part of YAML 1.2: write the keys out' };
  const near = closest(key, here);
  if (near !== undefined) return { ...finding, hint: `did you mean "${near}"?` };
  const elsewhere = whereElse(path, key, root);
  if (elsewhere !== undefined) return { ...finding, hint: `it belongs at ${elsewhere}` };
  return { ...finding, hint: `known here: ${here.join(', ')}` };
}

/** The nearest place of the document where the schema knows `key`, with the names of this document filled in. */
function whereElse(path: Path, key: string, root: JsonSchema): string | undefined {
  const places = [...schemaPaths(root)].filter((place) => place.at(-1) === key);
  const shared = (place: readonly string[]) => {
    const end = place.findIndex((part, i) => path[i] === undefined || (part !== '*' && part !== path[i]));
    return end === -1 ? place.length : end;
  };
  const best = places.sort((a, b) => shared(b) - shared(a) || a.length - b.length)[0];
  if (best === undefined) return undefined;
  const count = shared(best);
  return formatPath(best.map((part, i) => (part === '*' ? String(i < count ? path[i] : '<name>') : part)));
}

const NOUNS: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  object: 'a section of keys',
  record: 'a section of keys',
  array: 'a list',
  tuple: 'a list',
  null: 'nothing',
};

function wrongType(path: Path, expected: string, value: unknown, root: JsonSchema): Finding {
  const noun = NOUNS[expected] ?? expected;
  const description = schemaAt(root, path)?.description;
  if (value === undefined) {
    return {
      path,
      message: `"${path.at(-1)}" is missing`,
      hint: description === undefined ? `add it: ${noun}` : `add it: ${description}`,
    };
  }
  const message = `expected ${noun}, found ${nounOf(value)}`;
  if (value === null)
    return { path, message, hint: 'give it a value, or remove the key to keep its default' };
  if (expected === 'string' && typeof value !== 'object') return { path, message, hint: 'put it in quotes' };
  if (expected === 'array' || expected === 'tuple') return { path, message, hint: 'write [a, b]' };
  if (expected === 'int' && typeof value === 'number') return { path, message, hint: 'round it' };
  if (description === undefined || expected === 'object' || expected === 'record') return { path, message };
  return { path, message, hint: description };
}

function nounOf(value: unknown): string {
  if (value === null) return NOUNS.null!;
  if (Array.isArray(value)) return NOUNS.array!;
  if (typeof value === 'number') return Number.isInteger(value) ? NOUNS.int! : NOUNS.number!;
  return NOUNS[typeof value] ?? typeof value;
}

function notOneOf(path: Path, allowed: readonly string[], value: unknown): Finding {
  const message = `expected one of ${allowed.join(', ')}`;
  const near = typeof value === 'string' ? closest(value, allowed) : undefined;
  return near === undefined ? { path, message } : { path, message, hint: `did you mean "${near}"?` };
}

function outOfRange(
  path: Path,
  origin: string,
  bound: string,
  inclusive: boolean,
  root: JsonSchema,
): Finding {
  if (origin === 'array') {
    const what = path.at(-1) === 'polygon' || path.at(-2) === 'masks' ? 'points' : 'entries';
    return { path, message: `needs ${bound} ${what}` };
  }
  if (origin === 'string') return { path, message: `needs ${bound} character`, hint: 'give it a value' };
  const limit = inclusive ? bound : bound.replace('at least', 'more than').replace('at most', 'less than');
  if (isCoordinate(path)) {
    return {
      path,
      message: `a coordinate must be ${limit}`,
      hint: 'coordinates are fractions of the picture: divide pixels by its width or height',
    };
  }
  const description = schemaAt(root, path)?.description;
  return { path, message: `must be ${limit}`, ...(description === undefined ? {} : { hint: description }) };
}

function isCoordinate(path: Path): boolean {
  return path.some((part) => part === 'polygon' || part === 'masks' || part === 'from' || part === 'to');
}

/** What stands at `path` in plain data; undefined where nothing does. */
export function valueAt(data: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (node, part) =>
      typeof node === 'object' && node !== null && Object.hasOwn(node, part)
        ? (node as Record<string | number, unknown>)[part]
        : undefined,
    data,
  );
}
