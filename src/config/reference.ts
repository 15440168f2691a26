import { configJsonSchema, entriesOf, type JsonSchema } from './json-schema.ts';

const HEAD = `# Configuration

One YAML 1.2 file; \`ocellus check -c FILE\` says everything that is wrong with it. Unknown keys are errors. Relative
paths start at the folder of the file. In any text \`\${env:NAME}\`, \`\${file:/path}\` and \`\${credential:NAME}\` stand for an
environment variable, the content of a file and a credential of systemd's; \`$\${\` is a literal \`\${\`. In the user and the password of a URL such a value is
percent-encoded for you.

Generated from \`src/config/schema.ts\` by \`npm run generate\`.
`;

/** The reference of the configuration in Markdown: a table for each section. */
export function configReference(): string {
  return `${HEAD}\n${sections(configJsonSchema(), []).join('\n')}`;
}

function sections(schema: JsonSchema, path: readonly string[]): string[] {
  const children = Object.entries(schema.properties ?? {});
  const rows = children.filter(([, child]) => isLeaf(child));
  const table = rows.map(([key, child]) => row(key, child, schema.required?.includes(key) ?? false));
  const title = path.length === 0 ? [] : [`## ${path.join('.')}\n`];
  const text = schema.description === undefined || path.length === 0 ? [] : [`${schema.description}.\n`];
  const head = rows.length === 0 ? [] : ['| key | value | default | meaning |\n| --- | --- | --- | --- |'];
  const body = table.length === 0 ? [] : [...table, ''];
  const own = path.length === 0 ? [] : [...title, ...text, ...head, ...body];
  return [...own, ...children.flatMap(([key, child]) => deeper(key, child, path))];
}

function deeper(key: string, child: JsonSchema, path: readonly string[]): string[] {
  if (child.properties !== undefined) return sections(child, [...path, key]);
  const entries = entriesOf(child);
  if (entries?.properties === undefined) return [];
  const { description } = child;
  return sections({ ...entries, ...(description === undefined ? {} : { description }) }, [
    ...path,
    key,
    '<name>',
  ]);
}

function isLeaf(schema: JsonSchema): boolean {
  return schema.properties === undefined && entriesOf(schema)?.properties === undefined;
}

function row(key: string, schema: JsonSchema, required: boolean): string {
  const fallback = schema.default === undefined ? (required ? 'required' : '') : code(schema.default);
  return `| \`${key}\` | ${cell(kindOf(schema))} | ${fallback} | ${cell(schema.description ?? '')} |`;
}

function kindOf(schema: JsonSchema): string {
  if (schema.enum !== undefined) return schema.enum.map(String).join(', ');
  switch (schema.type) {
    case 'string':
      return 'text';
    case 'boolean':
      return 'true, false';
    case 'integer':
      return `whole number${range(schema)}`;
    case 'number':
      return `number${range(schema)}`;
    case 'array':
      return `list of ${listOf(schema)}`;
    default:
      return 'map';
  }
}

function listOf(schema: JsonSchema): string {
  if (schema.prefixItems !== undefined) return `${schema.prefixItems.length} numbers`;
  if (schema.items?.type === 'array') return schema.items.items?.type === 'array' ? 'polygons' : 'points';
  return schema.items === undefined ? 'values' : kindOf(schema.items);
}

function range({ minimum, maximum, exclusiveMinimum }: JsonSchema): string {
  // zod states the limits of safe integers, which say nothing to a reader.
  const top = maximum === undefined || maximum >= Number.MAX_SAFE_INTEGER ? undefined : maximum;
  if (exclusiveMinimum !== undefined) return ` above ${exclusiveMinimum}`;
  if (minimum !== undefined && top !== undefined) return `, ${minimum} to ${top}`;
  return minimum === undefined ? '' : `, at least ${minimum}`;
}

function code(value: unknown): string {
  return `\`${typeof value === 'string' ? value : JSON.stringify(value)}\``;
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('<', '&lt;');
}
