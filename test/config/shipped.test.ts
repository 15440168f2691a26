import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { fillEmptySections } from '../../src/config/empty-sections.ts';
import { configJsonSchema, type JsonSchema, schemaAt } from '../../src/config/json-schema.ts';
import { configSchema } from '../../src/config/schema.ts';
import { read } from '../house/project.ts';

describe('config/ocellus.yaml', () => {
  const text = read('config/ocellus.yaml');

  test('changes nothing as it stands', () => {
    expect(configSchema.parse(parse(text) ?? {})).toEqual(configSchema.parse({}));
  });

  test('is right when every "#" before a key is removed', () => {
    // A sentence stands one space after its "#", a key none, or its indentation of at least two.
    const uncommented = text.replace(/^#(?! \S)/gm, '');
    const config = configSchema.parse(parse(uncommented));
    expect(Object.keys(config.cameras)).toEqual(['front']);
    expect(config.mqtt?.url).toBe('mqtt://127.0.0.1:1883');
  });
});

describe('config/example-full.yaml', () => {
  const text = read('config/example-full.yaml');
  const config = configSchema.parse(fillEmpty(parse(text)));

  test('states the defaults of the schema', () => {
    const { polygon } = config.cameras.front!.zones.drive!;
    const { from, to } = config.cameras.front!.lines.gate!;
    expect(config).toEqual(
      configSchema.parse({
        mqtt: { url: config.mqtt?.url },
        models: { default: { file: config.models.default?.file } },
        http: { users: { ann: {} }, tokens: { dashboard: {} } },
        classifiers: { clothes: { file: config.classifiers.clothes?.file } },
        reid: { people: { file: config.reid.people?.file } },
        cameras: {
          front: {
            source: config.cameras.front?.source,
            objects: { person: {} },
            zones: { drive: { polygon, occupancy: { crowd: { moreThan: 3 } } } },
            lines: { gate: { from, to } },
            classify: { clothes: { model: 'clothes', objects: ['person'] } },
          },
        },
      }),
    );
  });

  test('states every key of the schema', () => {
    // Commented-out keys count: they have no default to state.
    const stated = parse(text.replace(/^( *)# ([A-Za-z]+):$/gm, '$1$2:')) as unknown;
    expect(missing(stated, configJsonSchema(), '')).toEqual([]);
  });

  test('every key has a description', () => {
    const bare = [...describedPaths(configJsonSchema())].filter(([, node]) => node.description === undefined);
    expect(bare.map(([path]) => path)).toEqual([]);
  });
});

function missing(data: unknown, schema: JsonSchema, path: string): string[] {
  const record = (data ?? {}) as Record<string, unknown>;
  const own = Object.entries(schema.properties ?? {}).flatMap(([key, child]) =>
    key in record ? missing(record[key], child, `${path}.${key}`) : [`${path}.${key}`],
  );
  const entries = schemaAt(schema, ['*']);
  const entry = Object.values(record)[0];
  return entries?.properties === undefined || schema.properties !== undefined
    ? own
    : [...own, ...missing(entry, entries, `${path}.*`)];
}

function* describedPaths(schema: JsonSchema, path = ''): Generator<readonly [string, JsonSchema]> {
  for (const [key, child] of Object.entries(schema.properties ?? {})) {
    yield [`${path}.${key}`, child];
    yield* describedPaths(child, `${path}.${key}`);
  }
  if (typeof schema.additionalProperties === 'object')
    yield* describedPaths(schema.additionalProperties, `${path}.*`);
}

function fillEmpty(data: unknown): unknown {
  return fillEmptySections(data, configJsonSchema());
}
