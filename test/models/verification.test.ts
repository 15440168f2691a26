import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import {
  readVerification,
  requireNotFailed,
  type Verification,
  verificationPath,
  writeVerification,
} from '../../src/models/verification.ts';
import { scratch } from '../fixtures/owned.ts';

async function modelFile(): Promise<string> {
  const file = join(await scratch('verification'), 'new.onnx');
  writeFileSync(file, 'a model');
  return file;
}

function recordOf(file: string, verdict: Verification['verdict']): Verification {
  const sha256 = createHash('sha256').update(readFileSync(file)).digest('hex');
  return {
    version: 1,
    verdict,
    reasons: verdict === 'failed' ? ['it loses 7.00 points of AP, and 1 are allowed'] : [],
    model: { file, sha256 },
    against: { file: 'old.onnx', sha256: 'a'.repeat(64) },
    lossPoints: 7,
    maxLossPoints: 1,
    pictures: 40,
    atMs: 1,
    program: '0.1.0',
  };
}

it('a model without a record may be used, and nothing is said of it', async () => {
  const file = await modelFile();
  expect(readVerification(file)).toEqual({ record: null, ignored: null });
  expect(() => requireNotFailed(file, readVerification(file), false)).not.toThrow();
});

it('one that passed may be used; one that failed only when told to, with what it failed by', async () => {
  const file = await modelFile();
  expect(writeVerification(file, recordOf(file, 'passed'))).toBe(verificationPath(file));
  expect(readVerification(file).record).toMatchObject({ verdict: 'passed' });
  expect(() => requireNotFailed(file, readVerification(file), false)).not.toThrow();
  writeVerification(file, recordOf(file, 'failed'));
  const known = readVerification(file);
  expect(() => requireNotFailed(file, known, false)).toThrow(
    `${file} failed its verification against old.onnx: it loses 7.00 points of AP, and 1 are allowed`,
  );
  expect(() => requireNotFailed(file, known, true)).not.toThrow();
});

it('a record of another file, or one that is damaged, does not count, and why is told', async () => {
  const file = await modelFile();
  writeVerification(file, recordOf(file, 'failed'));
  writeFileSync(file, 'another model of that name');
  expect(readVerification(file)).toEqual({
    record: null,
    ignored: `${verificationPath(file)} is about another file than ${file} is now`,
  });
  writeFileSync(verificationPath(file), '{"verdict":');
  expect(readVerification(file)).toMatchObject({
    record: null,
    ignored: expect.stringContaining('cannot be read'),
  });
});

it('says what to do where the record cannot be written', async () => {
  const file = await modelFile();
  mkdirSync(`${verificationPath(file)}.part`);
  expect(() => writeVerification(file, recordOf(file, 'passed'))).toThrow(/cannot be written/);
});
