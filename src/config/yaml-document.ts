import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
  visit,
  type YAMLError,
  type YAMLMap,
} from 'yaml';
import type { FileIssue } from '../base/errors.ts';
import { type Finding, formatPath, type Path } from './issue.ts';

/** More would be an attempt to fill the memory ("billion laughs"), not a configuration. */
const MAX_ALIASES = 200;

/** A parsed YAML file that remembers where everything stands. */
export interface YamlDocument {
  /** Plain data; null for an empty file. */
  readonly data: unknown;
  /** Places a finding in the file: at its value or key or, where that is absent, at what should hold it. */
  locate(finding: Finding): FileIssue;
}

/**
 * Parses YAML 1.2. Syntax errors, keys stated twice and unknown tags come as issues; no message repeats text of the
 * file other than keys, since any value may be a password.
 */
export function parseYaml(file: string, text: string): YamlDocument | readonly FileIssue[] {
  const lines = new LineCounter();
  const document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    // Reported here, with both places.
    uniqueKeys: false,
    version: '1.2',
    logLevel: 'error',
  });
  const issueAt = (offset: number, path: Path, message: string, hint?: string): FileIssue => {
    const { line, col } = lines.linePos(offset);
    return {
      file,
      line,
      column: col,
      path: formatPath(path),
      message,
      ...(hint === undefined ? {} : { hint }),
    };
  };
  const errors = [...document.errors, ...document.warnings];
  // One unclosed bracket is several errors at one place.
  const telling = errors.filter((error, i) => errors.findIndex((e) => e.pos[0] === error.pos[0]) === i);
  const syntax = telling.map((error) => {
    const { message, hint } = explainSyntax(error);
    return issueAt(error.pos[0], [], message, hint);
  });
  if (syntax.length > 0) return syntax;
  const twice = repeatedKeys(document).map(({ path, first, second }) => {
    const line = lines.linePos(offsetOf(first)).line;
    return issueAt(
      offsetOf(second),
      path,
      `${whatIs(path)} is stated twice, first on line ${line}`,
      'keep one',
    );
  });
  if (twice.length > 0) return twice;
  const dangling = unresolvedAliases(document).map((alias) =>
    issueAt(offsetOf(alias), [], '"*" starts an alias that names no anchor', 'put the text in quotes'),
  );
  if (dangling.length > 0) return dangling;
  try {
    const data: unknown = document.toJS({ maxAliasCount: MAX_ALIASES });
    return {
      data,
      locate: ({ path, message, hint, atKey }) =>
        issueAt(offsetAt(document, path, atKey ?? false), path, message, hint),
    };
  } catch {
    // toJS throws a ReferenceError for one reason only: too many aliases.
    return [issueAt(0, [], `more than ${MAX_ALIASES} aliases are resolved`, 'write the values out')];
  }
}

const SYNTAX: Readonly<Record<string, readonly [message: string, hint: string]>> = {
  TAB_AS_INDENT: ['a tab indents this line', 'indent with spaces'],
  BAD_INDENT: ['the indentation fits nothing above', 'indent the keys of one section by the same spaces'],
  BAD_ALIAS: ['"*" starts an alias, which cannot end so', 'put the text in quotes'],
  BAD_SCALAR_START: ['text cannot start with this character', 'put the text in quotes'],
  BAD_DQ_ESCAPE: ['unknown escape in double quotes', 'use single quotes, or \\\\ for a backslash'],
  MISSING_CHAR: ['a character is missing', 'close quotes and brackets; put a space after ":" and "-"'],
  MULTILINE_IMPLICIT_KEY: ['a key may not span lines', 'is a ":" or a closing quote missing above?'],
  BLOCK_AS_IMPLICIT_KEY: ['a second ":" stands on this line', 'put text that holds ": " in quotes'],
  MULTIPLE_DOCS: ['a second document starts here', 'keep one document: remove "---"'],
  TAG_RESOLVE_FAILED: [
    'unknown tag',
    `for secrets use \${env:NAME} or \${file:/path}; else put the text in quotes`,
  ],
  UNEXPECTED_TOKEN: ['unexpected text', 'is a bracket, a quote or a ":" missing before it?'],
};

function explainSyntax(error: YAMLError): { message: string; hint: string } {
  const unclosed = error.message.includes('and end with a');
  const [message, hint] = SYNTAX[unclosed ? 'MISSING_CHAR' : error.code] ?? [
    `not valid YAML (${error.code.toLowerCase().replaceAll('_', ' ')})`,
    'look at this line and the one before it',
  ];
  return { message, hint };
}

interface Repeated {
  readonly path: Path;
  readonly first: Node;
  readonly second: Node;
}

function repeatedKeys(document: Document): Repeated[] {
  const found: Repeated[] = [];
  visit(document, {
    Map(_, map, ancestors) {
      const seen = new Map<string, Node>();
      for (const pair of map.items) {
        const key = keyOf(pair);
        const first = seen.get(key);
        if (first === undefined) seen.set(key, pair.key as Node);
        else found.push({ path: [...pathOf([...ancestors, map]), key], first, second: pair.key as Node });
      }
    },
  });
  return found;
}

function unresolvedAliases(document: Document): Node[] {
  const found: Node[] = [];
  visit(document, {
    Alias(_, alias) {
      if (alias.resolve(document) === undefined) found.push(alias);
    },
  });
  return found;
}

/** The path of the last of `chain`, a node's ancestors from the document on and the node itself. */
function pathOf(chain: readonly unknown[]): Path {
  const path: (string | number)[] = [];
  for (const [i, node] of chain.entries()) {
    const parent = chain[i - 1];
    if (isSeq(parent)) path.push(parent.items.indexOf(node));
    else if (isMap(parent)) path.push(keyOf(node as Pair));
  }
  return path;
}

/** `["cameras","front"]` -> `camera front`. */
function whatIs(path: Path): string {
  const kinds: Readonly<Record<string, string>> = {
    cameras: 'camera',
    models: 'model',
    zones: 'zone',
    lines: 'line',
  };
  const name = path.at(-1);
  const kind = kinds[String(path.at(-2))];
  return kind === undefined ? `key "${name}"` : `${kind} "${name}"`;
}

function keyOf(pair: Pair): string {
  return isScalar(pair.key) ? String(pair.key.value) : String(pair.key);
}

function offsetOf(node: unknown): number {
  return (node as Node | null)?.range?.[0] ?? 0;
}

function offsetAt(document: Document, path: Path, atKey: boolean): number {
  let node: unknown = document.contents;
  let offset = offsetOf(node);
  for (const [depth, part] of path.entries()) {
    if (isAlias(node)) node = node.resolve(document);
    if (isMap(node)) {
      const pair = (node as YAMLMap).items.find((item) => keyOf(item) === String(part));
      if (pair === undefined) return offset;
      node = pair.value;
      const keyWanted =
        node === null || isEmpty(node) || isCollection(node) || (atKey && depth === path.length - 1);
      offset = keyWanted ? offsetOf(pair.key) : offsetOf(node);
    } else if (isSeq(node) && typeof part === 'number' && part < node.items.length) {
      node = node.items[part];
      offset = offsetOf(node);
    } else {
      return offset;
    }
  }
  return offset;
}

function isCollection(node: unknown): boolean {
  return isMap(node) || isSeq(node);
}

/** `key:` with nothing after it: there is no value to point at. */
function isEmpty(node: unknown): boolean {
  return isScalar(node) && node.value === null && node.source === '';
}
