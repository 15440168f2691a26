import { describe, expect, test } from 'vitest';
import { abortError } from '../../src/base/clock.ts';
import { explain, isAbort, messageOf, OcellusError } from '../../src/base/errors.ts';

describe('OcellusError', () => {
  test('carries code, message, hint and the error below it', () => {
    const cause = new Error('ENOSPC');
    const error = new OcellusError('io_failed', 'cannot write', { hint: 'free space', cause });
    expect(error).toBeInstanceOf(Error);
    expect([error.name, error.code, error.message, error.hint]).toEqual([
      'OcellusError',
      'io_failed',
      'cannot write',
      'free space',
    ]);
    expect(error.cause).toBe(cause);
    expect(error.issues).toEqual([]);
  });

  test('has no cause where there is none, so that nobody prints "undefined"', () => {
    expect(Object.hasOwn(new OcellusError('internal', 'x'), 'cause')).toBe(false);
  });
});

describe('messages', () => {
  test.each([
    ['an error of ours says what to try', new OcellusError('internal', 'a', { hint: 'b' }), 'a (b)'],
    ['without a hint', new OcellusError('internal', 'a'), 'a'],
    ['any error', new TypeError('a'), 'a'],
    ['a thrown string', 'a', 'a'],
  ])('%s', (_, thrown, expected) => {
    expect(explain(thrown)).toBe(expected);
    expect(messageOf(thrown)).toBe('a');
  });
});

test('an abort is told from a failure', async () => {
  expect(isAbort(abortError())).toBe(true);
  expect(isAbort(AbortSignal.abort().reason)).toBe(true);
  expect(isAbort(new Error('AbortError'))).toBe(false);
});
