import { closeSync, fstatSync, openSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { isJournal, journalLines, withPriority } from '../../src/base/journal.ts';

describe('whether a descriptor is connected to the journal', () => {
  test.each([
    ['it is the one that $JOURNAL_STREAM names', (dev: bigint, ino: bigint) => `${dev}:${ino}`, true],
    ['it was redirected since', (dev: bigint, ino: bigint) => `${dev}:${ino + 1n}`, false],
    ['nobody said so', () => undefined, false],
    ['it is not understood', () => 'journal', false],
  ])('%s', (_, stream, expected) => {
    const fd = openSync('/dev/null', 'r');
    const { dev, ino } = fstatSync(fd, { bigint: true });
    expect(isJournal(fd, stream(dev, ino))).toBe(expected);
    closeSync(fd);
    expect(isJournal(fd, stream(dev, ino))).toBe(false);
  });
});

test('every line of a message has its priority', () => {
  expect(withPriority('error', 'ocellus: two issues\nc.yaml:1:1: one\n')).toBe(
    '<3>ocellus: two issues\n<3>c.yaml:1:1: one\n',
  );
});

test.each([
  [20, 7],
  [30, 6],
  [40, 4],
  [50, 3],
  [60, 3],
])("pino's level %i is priority %i", (level, priority) => {
  const written: string[] = [];
  const lines = journalLines({ write: (line) => written.push(line) });
  lines.lastLevel = level;
  lines.write('{"msg":"x"}\n');
  expect(written).toEqual([`<${priority}>{"msg":"x"}\n`]);
});
