import { isDeepStrictEqual } from 'node:util';
import {
  Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  type Node,
  type Pair,
  parseDocument,
  Scalar,
  visit,
  YAMLMap,
} from 'yaml';
import { OcellusError } from '../base/errors.ts';
import type { Path } from './issue.ts';
import { configJsonSchema, schemaAt } from './json-schema.ts';

/** What may be changed of a camera while it runs. A section that is given takes the place of the one there. */
export interface CameraEdit {
  readonly zones?: Readonly<Record<string, unknown>> | undefined;
  readonly lines?: Readonly<Record<string, unknown>> | undefined;
  readonly objects?: Readonly<Record<string, unknown>> | undefined;
  readonly motion?: Readonly<Record<string, unknown>> | undefined;
}

const SECTIONS = ['objects', 'motion', 'zones', 'lines'] as const;

/**
 * Edits one camera in the text of a configuration. Comments, order, references to secrets and whatever is not edited stay as
 * they are written; values that are defaults and were not stated are not stated now.
 * @throws OcellusError `data_invalid` where the text is written in a way that only a person can edit
 */
export function editCamera(text: string, cameraId: string, edit: CameraEdit): string {
  const document = parseDocument(text, { version: '1.2', logLevel: 'error' });
  const camera = cameraNode(document, cameraId);
  const dataIn = (section: (typeof SECTIONS)[number]) => camera.get(section, true)?.toJS(document) as unknown;
  const named = SECTIONS.filter((section) => edit[section] !== undefined);
  const was = new Map(named.map((section) => [section, dataIn(section)]));
  const before = new Map(named.map((section) => [section, pairOf(camera, section)]));
  const indent = indentOf(text, camera);
  for (const section of named) {
    assign(document, ['cameras', cameraId, section], edit[section], section === 'motion');
  }
  const edited = named.filter((section) => !isDeepStrictEqual(was.get(section), dataIn(section)));
  if (edited.length === 0) return text;
  const whole = document.toString({ lineWidth: 0, flowCollectionPadding: false });
  if (camera.flow === true || indent === undefined) return whole;
  // Only the lines of the section are written anew: the rest of the file keeps the form that its author gave it.
  const startOf = (section: (typeof SECTIONS)[number]) =>
    before.get(section)?.key.range?.[0] ?? Number.POSITIVE_INFINITY;
  // From the end of the file on, so that no place moves before its turn.
  const fromEnd = edited.toSorted((a, b) => startOf(b) - startOf(a) || 0);
  const spliced = fromEnd.reduce((rest, section) => {
    const pair = pairOf(camera, section);
    return splice(rest, before.get(section), pair === undefined ? '' : rendered(pair, indent), camera);
  }, text);
  return isDeepStrictEqual(dataOf(spliced), dataOf(whole)) ? spliced : whole;
}

function cameraNode(document: Document.Parsed, cameraId: string): YAMLMap {
  const cameras = document.get('cameras', true) as unknown;
  const camera = isMap(cameras) ? cameras.get(cameraId, true) : undefined;
  if (isMap(camera)) {
    visit(camera, {
      Alias: () => {
        throw onlyByHand('it uses a YAML alias');
      },
    });
    return camera as YAMLMap;
  }
  throw onlyByHand(isAlias(camera) ? 'it is a YAML alias' : 'it has no section of its own');
}

function onlyByHand(why: string): OcellusError {
  return new OcellusError(
    'data_invalid',
    `the configuration of this camera can only be edited by hand: ${why}`,
    {
      hint: 'edit the file and restart the daemon',
    },
  );
}

function pairOf(map: YAMLMap, key: string): Pair<Scalar, Node | null> | undefined {
  for (const pair of map.items) {
    // Keys that were added are bare.
    if (pair.key === key) pair.key = new Scalar(key);
    if (isScalar(pair.key) && pair.key.value === key) return pair as Pair<Scalar, Node | null>;
  }
  return undefined;
}

/** Makes what stands at `path` say `value`, with as few changes as that takes. @param keepsOthers keys that `value` lacks stay */
function assign(document: Document, path: Path, value: unknown, keepsOthers: boolean): void {
  const node = document.getIn(path, true) as Node | undefined;
  const was = node === undefined ? undefined : (node.toJS(document) as unknown);
  if (isDeepStrictEqual(was, value)) return;
  if (was === undefined && isDeepStrictEqual(value, schemaAt(configJsonSchema(), path)?.default)) return;
  if (!isRecord(value)) {
    if (value === undefined) document.deleteIn(path);
    else document.setIn(path, nodeOf(document, value, path));
    return;
  }
  if (!isMap(node)) document.setIn(path, document.createNode({}));
  for (const key of Object.keys(isRecord(was) ? was : {})) {
    if (!Object.hasOwn(value, key) && !keepsOthers) document.deleteIn([...path, key]);
  }
  for (const [key, item] of Object.entries(value)) assign(document, [...path, key], item, keepsOthers);
  const now = document.getIn(path, true);
  // `zones: {}` is written as such; a map that has become one of entries is not.
  if (isMap(now) && !isMap(node)) now.flow = now.items.length === 0;
  if (isMap(now) && isMap(node) && was !== undefined && Object.keys(was as object).length === 0)
    now.flow = false;
}

function nodeOf(document: Document, value: unknown, path: Path): Node {
  const node = document.createNode(value) as Node;
  const replaced = document.getIn(path, true);
  // Corners of an area read best on one line.
  if (isSeq(node)) node.flow = true;
  if (isScalar(node) && isScalar(replaced) && replaced.comment != null) node.comment = replaced.comment;
  if (isSeq(node) && isSeq(replaced) && replaced.comment != null) node.comment = replaced.comment;
  return node;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The white space before each key of a block of keys; undefined for one in braces. */
function indentOf(text: string, map: YAMLMap): string | undefined {
  const first = (map.items[0]?.key as Node | undefined)?.range?.[0];
  if (first === undefined) return undefined;
  const start = text.lastIndexOf('\n', first - 1) + 1;
  const before = text.slice(start, first);
  return /^ *$/.test(before) ? before : undefined;
}

/** A key and its value as text, each line indented. */
function rendered(pair: Pair<Scalar, Node | null>, indent: string): string {
  const { commentBefore, spaceBefore } = pair.key;
  // They stand before the key, where they stay.
  pair.key.commentBefore = null;
  pair.key.spaceBefore = false;
  const alone = new Document(new YAMLMap());
  (alone.contents as unknown as YAMLMap).items.push(pair);
  const text = alone.toString({ lineWidth: 0, flowCollectionPadding: false }).trimEnd();
  pair.key.commentBefore = commentBefore ?? null;
  pair.key.spaceBefore = spaceBefore ?? false;
  return text.replaceAll(/^(?=.)/gm, indent);
}

/** Puts `lines` where the section `was`, or at the end of the camera. */
function splice(
  text: string,
  was: Pair<Scalar, Node | null> | undefined,
  lines: string,
  camera: YAMLMap,
): string {
  const [keyStart, keyEnd] = was?.key.range ?? [];
  if (keyStart !== undefined && keyEnd !== undefined) {
    const start = text.lastIndexOf('\n', keyStart - 1) + 1;
    const end = text.slice(0, was?.value?.range?.[1] ?? keyEnd + 1).trimEnd().length;
    return text.slice(0, start) + lines + text.slice(lines === '' ? Math.min(end + 1, text.length) : end);
  }
  const at = text.slice(0, camera.range?.[1] ?? text.length).trimEnd().length;
  return lines === '' ? text : `${text.slice(0, at)}\n${lines}${text.slice(at)}`;
}

function dataOf(text: string): unknown {
  const document = parseDocument(text, { version: '1.2', logLevel: 'error' });
  return document.errors.length > 0 ? Symbol('broken') : (document.toJS() as unknown);
}
