import { expect, test } from 'vitest';
import { modelsCommand } from '../../src/cli/models.ts';
import { runCommand } from './capture-io.ts';

test('models list --json gives every shipped model with what is known of it', async () => {
  const { stdout, stderr } = await runCommand(modelsCommand, ['list', '--json']);
  const rows = JSON.parse(stdout) as Record<string, unknown>[];
  expect(stderr).toBe('');
  expect(rows.find(({ id }) => id === 'demo-scene')).toMatchObject({ installed: true, family: 'YOLOv8' });
  expect(rows.find(({ id }) => id === 'yolox-s')).toMatchObject({
    family: 'YOLOX',
    licence: 'Apache-2.0',
    ap: 0.405,
    apDataset: 'COCO val2017',
  });
});

test('models list is a table for people, with the notice of a licence that asks for something', async () => {
  const { stdout } = await runCommand(modelsCommand, ['list']);
  const [head] = stdout.split('\n');
  expect(head).toMatch(/^id +family +size +licence +AP/);
  expect(stdout).toMatch(/^yolox-tiny +YOLOX +20\.2 MB +Apache-2\.0 +32\.8 /m);
  expect(stdout).toMatch(/^yolov8n: .*AGPL/m);
});
