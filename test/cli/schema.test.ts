import { describe, expect, test } from 'vitest';
import { schemaCommand } from '../../src/cli/schema.ts';
import { read } from '../house/project.ts';
import { runCommand } from './capture-io.ts';

describe('ocellus schema', () => {
  test('config prints the schema that the repository holds', async () => {
    expect((await runCommand(schemaCommand, ['config'])).stdout).toBe(read('config/schema.json'));
  });

  test('events prints a closed schema of draft 2020-12 with every type of event', async () => {
    const schema = JSON.parse((await runCommand(schemaCommand, ['events'])).stdout) as {
      $schema: string;
      oneOf: { additionalProperties: boolean; properties: { type: { const: string } } }[];
    };
    expect(schema.$schema).toBe('https://json-schema.org/draft/2020-12/schema');
    expect(schema.oneOf.every((event) => event.additionalProperties === false)).toBe(true);
    expect(schema.oneOf.map((event) => event.properties.type.const)).toEqual([
      'object.started',
      'object.updated',
      'object.ended',
      'zone.entered',
      'zone.left',
      'zone.dwelled',
      'zone.occupied',
      'zone.cleared',
      'line.crossed',
      'camera.state',
    ]);
  });

  test('anything else is wrong usage', async () => {
    await expect(runCommand(schemaCommand, ['confg'])).rejects.toMatchObject({
      code: 'commander.invalidArgument',
    });
  });
});
