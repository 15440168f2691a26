import { expect, it } from 'vitest';
import { heldBackBy, limitText } from '../../../../src/preview/page/state/limits.ts';

const report = (governor: unknown) => ({ deviceId: 'porch', version: '1', uptimeMs: 5, governor });

it('says how far a camera is held back, and why', () => {
  expect(limitText({ fps: 2.04, model: 'default', reasons: ['temperature', 'overload'] })).toBe(
    'Detection is held back to 2.0 frames a second, on the model default: temperature, overload.',
  );
  expect(limitText({ fps: null, model: 'small', reasons: [] })).toBe(
    'Detection is held back, on the model small: for a moment.',
  );
});

it('says what of the detection is done, and nothing while all of it is', () => {
  expect(heldBackBy(report({ level: 3, grantedPercent: 51, reasons: ['power'] }))).toBe(
    '51 % of the detection that is wanted is done: power.',
  );
  expect(heldBackBy(report({ level: 0, grantedPercent: 100, reasons: [] }))).toBeUndefined();
  expect(heldBackBy(undefined)).toBeUndefined();
});
