import { describe, expect, test } from 'vitest';
import { closest, editDistance } from '../../src/config/suggest.ts';

describe('editDistance', () => {
  test.each([
    ['equal', 'fps', 'fps', 0],
    ['one letter more', 'fps', 'fpss', 1],
    ['one letter less', 'polygon', 'polgon', 1],
    ['another letter', 'zone', 'tone', 1],
    ['two letters swapped count once', 'device', 'devcie', 1],
    ['nothing in common', 'abc', 'xyz', 3],
    ['against nothing', '', 'abc', 3],
  ])('%s', (_, a, b, distance) => {
    expect(editDistance(a, b)).toBe(distance);
    expect(editDistance(b, a)).toBe(distance);
  });
});

describe('closest', () => {
  test.each([
    ['case and separators do not count', 'min_score', ['minScore', 'nmsIou'], 'minScore'],
    ['the nearer of two', 'lines', ['line', 'times', 'linens'], 'line'],
    ['nothing near', 'colour', ['level'], undefined],
    ['a long word costs no time', 'x'.repeat(1_000_000), ['level'], undefined],
  ])('%s', (_, word, candidates, expected) => {
    expect(closest(word, candidates)).toBe(expected);
  });
});
