import { stringify } from 'yaml';
import { configJsonSchema, entriesOf, type JsonSchema } from './json-schema.ts';

const HEAD = `# biome-ignore-all format: generated
# yaml-language-server: $schema=schema.json
#
# Every key, with its default and what it means. A key that is commented out has no default. Names of models, cameras,
# zones, lines, users and tokens are examples. Generated from src/config/schema.ts: "npm run generate" writes it anew.
`;

/** Names that stand for the free ones. */
const SAMPLE_NAMES: Readonly<Record<string, string>> = {
  models: 'default',
  cameras: 'front',
  objects: 'person',
  zones: 'drive',
  lines: 'gate',
  occupancy: 'crowd',
  classifiers: 'clothes',
  classify: 'clothes',
  reid: 'people',
  users: 'ann',
  tokens: 'dashboard',
};

/** A configuration in YAML that states every key of the schema, with its default where it has one. */
export function exampleConfig(): string {
  return `${HEAD}${section(configJsonSchema(), 0).join('\n')}\n`;
}

function section(schema: JsonSchema, depth: number): string[] {
  const indent = '  '.repeat(depth);
  return Object.entries(schema.properties ?? {}).flatMap(([key, child]) => {
    const space = depth === 0 ? [''] : [];
    const comment = child.description === undefined ? [] : [`${indent}# ${child.description}`];
    return [...space, ...comment, ...entry(key, child, schema.required?.includes(key) ?? false, depth)];
  });
}

function entry(key: string, schema: JsonSchema, required: boolean, depth: number): string[] {
  const indent = '  '.repeat(depth);
  if (schema.properties !== undefined && (depth === 0 || required || schema.default !== undefined))
    return [`${indent}${key}:`, ...section(schema, depth + 1)];
  const entries = entriesOf(schema);
  const name = SAMPLE_NAMES[key];
  if (entries?.properties !== undefined && name !== undefined) {
    return [`${indent}${key}:`, `${indent}  ${name}:`, ...section(entries, depth + 2)];
  }
  if (schema.default !== undefined) return [`${indent}${key}: ${flow(schema.default)}`];
  if (required) return [`${indent}${key}: ${flow(schema.examples?.[0])}`];
  const parts = Object.entries(schema.properties ?? {});
  return [
    `${indent}# ${key}:`,
    ...parts.flatMap(([part, { description }]) => leftOut(part, description, depth + 1)),
  ];
}

/** A key of a section that is left out as a whole. */
function leftOut(key: string, description: string | undefined, depth: number): string[] {
  const indent = '  '.repeat(depth);
  return [`${indent}# ${description}`, `${indent}# ${key}:`];
}

/** On one line, as a person would write it. */
function flow(value: unknown): string {
  return stringify(value, { collectionStyle: 'flow', lineWidth: 0, flowCollectionPadding: false }).trim();
}
