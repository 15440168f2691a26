import { z } from 'zod';
import type { Path } from './issue.ts';
import { configSchema } from './schema.ts';

/** The part of JSON Schema (draft 2020-12) that the configuration's schema uses. */
export interface JsonSchema {
  readonly $schema?: string;
  readonly title?: string;
  readonly description?: string;
  readonly type?: string;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: JsonSchema | boolean;
  readonly propertyNames?: JsonSchema;
  readonly items?: JsonSchema;
  readonly prefixItems?: readonly JsonSchema[];
  readonly default?: unknown;
  readonly examples?: readonly unknown[];
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
}

/** JSON Schema of the configuration as a person writes it: keys with defaults are optional. */
export function configJsonSchema(): JsonSchema {
  const schema = z.toJSONSchema(configSchema, { target: 'draft-2020-12', io: 'input' });
  return { ...(schema as JsonSchema), title: 'Ocellus configuration' };
}

/** What the schema says about one path, or undefined where it knows none. */
export function schemaAt(root: JsonSchema, path: Path): JsonSchema | undefined {
  let node: JsonSchema | undefined = root;
  for (const part of path) {
    if (node === undefined) return undefined;
    if (typeof part === 'number') node = node.prefixItems?.[part] ?? node.items;
    else node = node.properties?.[part] ?? entriesOf(node);
  }
  return node;
}

/** The schema of the entries of a map with free names, such as `cameras`. */
export function entriesOf(node: JsonSchema): JsonSchema | undefined {
  return typeof node.additionalProperties === 'object' ? node.additionalProperties : undefined;
}

/** Every path to a key; a free name is `*`. */
export function* schemaPaths(node: JsonSchema, path: readonly string[] = []): Generator<readonly string[]> {
  for (const [key, child] of Object.entries(node.properties ?? {})) {
    yield [...path, key];
    yield* schemaPaths(child, [...path, key]);
  }
  const entries = entriesOf(node);
  if (entries !== undefined) yield* schemaPaths(entries, [...path, '*']);
}
