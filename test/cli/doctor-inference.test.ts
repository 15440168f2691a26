import { rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { expect, it } from 'vitest';
import { inferenceFindings } from '../../src/cli/doctor/inference.ts';
import { configSchema } from '../../src/config/schema.ts';
import { COLOURS, colourClassifier } from '../fixtures/classifier-onnx.ts';
import { writeOnnx } from '../fixtures/tiny-onnx.ts';

it('a classifier is loaded on its providers, and one that is none is reported with what to do', async () => {
  const file = writeOnnx('colours', colourClassifier());
  const config = configSchema.parse({
    classifiers: { colours: { file, labels: COLOURS }, nameless: { file } },
  });
  const findings = await inferenceFindings(config);
  rmSync(dirname(file), { recursive: true });
  expect(findings.map(({ id, status }) => [id, status])).toEqual([
    ['classifier:colours', 'ok'],
    ['classifier:colours:cpu', 'ok'],
    ['classifier:nameless', 'fail'],
  ]);
  expect(findings[2]?.summary).toContain('does not name its classes');
  expect(findings[2]?.remedy).toContain('list its 3 classes under `labels`');
});

it('each provider of the library runs a small model by itself, and what cannot is not needed', async () => {
  const findings = await inferenceFindings(configSchema.parse({}));
  expect(findings.map(({ id }) => id)).toEqual([
    'onnxruntime',
    'provider:tensorrt',
    'provider:cuda',
    'provider:cpu',
  ]);
  expect(findings.at(-1)).toMatchObject({ status: 'ok' });
  // Where there is a GPU they are ok; nowhere may they count as a failure.
  expect(findings.filter(({ status }) => status === 'fail')).toEqual([]);
});
