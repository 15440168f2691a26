import { entriesOf, type JsonSchema } from './json-schema.ts';

/**
 * Takes a key with nothing after it for an empty section where the schema wants a section: `person:` under `objects`
 * and a `cameras:` whose entries are all commented out mean what they look like.
 */
export function fillEmptySections(data: unknown, schema: JsonSchema): unknown {
  if (schema.type !== 'object') return data;
  if (data === null) return {};
  if (typeof data !== 'object' || Array.isArray(data)) return data;
  const entries = entriesOf(schema);
  return Object.fromEntries(
    Object.entries(data).map(([key, value]) => {
      const child = schema.properties?.[key] ?? entries;
      return [key, child === undefined ? value : fillEmptySections(value, child)];
    }),
  );
}
