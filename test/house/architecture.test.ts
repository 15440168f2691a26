import { describe, expect, test } from 'vitest';
import { importsOf, wrongImports } from './imports.ts';
import { filesUnder, read } from './project.ts';

const modules = [...filesUnder('src', '.ts'), ...filesUnder('src', '.tsx')];

test('imports point one way: base, flow, config and models, stages, app, cli, main', () => {
  expect(modules.flatMap((file) => wrongImports(file, read(file)))).toEqual([]);
});

describe('the rule itself', () => {
  test.each([
    ['a stage that imports another', 'src/track/a.ts', "import { b } from '../infer/b.ts';", 1],
    ['a type import counts too', 'src/events/a.ts', "import type { B } from '../track/b.ts';", 1],
    ['a dynamic import counts too', 'src/mqtt/a.ts', "const b = await import('../events/b.ts');", 1],
    ['a re-export counts too', 'src/motion/a.ts', "export { b } from '../capture/b.ts';", 1],
    ['an import over several lines', 'src/store/a.ts', "import {\n  b,\n} from '../mqtt/b.ts';", 1],
    ['base knows nothing', 'src/base/a.ts', "import { b } from '../flow/b.ts';", 1],
    ['only cli knows the exit statuses', 'src/app/a.ts', "import { EXIT } from '../cli/exit-status.ts';", 1],
    ['nothing outside src is part of the program', 'src/app/a.ts', "import { b } from '../../test/b.ts';", 1],
    ['a stage may use flow', 'src/track/a.ts', "import type { B } from '../flow/b.ts';", 0],
    ['a stage may use itself', 'src/infer/ort/a.ts', "import { b } from '../nms.ts';", 0],
    ['packages are no matter of this rule', 'src/base/a.ts', "import { pino } from 'pino';", 0],
  ])('%s', (_, file, source, violations) => {
    expect(wrongImports(file, source)).toHaveLength(violations);
  });

  test('a folder that no layer has is an error, not a way around it', () => {
    expect(() => wrongImports('src/utils/a.ts', "import '../base/b.ts';")).toThrow(
      'src/utils is in no layer',
    );
  });

  test('finds imports without names', () => {
    expect(importsOf("import './a.ts';\nimport 'b';")).toEqual(['./a.ts', 'b']);
  });
});

test('a source file is one idea: at most 300 lines', () => {
  const long = modules.map((file) => [file, read(file).split('\n').length - 1] as const);
  expect(long.filter(([, lines]) => lines > 300)).toEqual([]);
});

const FORBIDDEN: readonly (readonly [why: string, pattern: RegExp])[] = [
  ['unfinished work belongs in an issue', /\b(TODO|FIXME|XXX|HACK)\b/],
  ['output goes through CommandIo or the logger', /\bconsole\.\w+\(/],
  ['`any` turns the compiler off', /(:|<|\bas|\|)\s*any\b(?!\s+\w)/],
  ['a suppressed error is still an error', /@ts-(ignore|expect-error|nocheck)/],
  ['a test left alone hides the others', /\b(test|it|describe)\.only\b/],
];

test.each(FORBIDDEN)('%s', (_, pattern) => {
  // A test may hold the text of a child program, which prints.
  const tests = pattern.source.includes('console') ? [] : filesUnder('test', '.ts');
  const checked = [...modules, ...tests].filter((file) => !file.startsWith('test/house/'));
  const lines = checked.flatMap((file) =>
    read(file)
      .split('\n')
      .flatMap((line, i) => (pattern.test(withoutProse(line)) ? [`${file}:${i + 1}: ${line.trim()}`] : [])),
  );
  expect(lines).toEqual([]);
});

test.each([
  ['// TODO: later', 0],
  ["console.log('x')", 1],
  ['const a: any = 1;', 2],
  ['return a as any;', 2],
  ['// @ts-ignore', 3],
  ["test.only('x', f)", 4],
])('the rules catch %s', (line, index) => {
  expect(FORBIDDEN[index]![1].test(withoutProse(line))).toBe(true);
});

/** A line without what only looks like code: the text of comments counts for words, not for types. */
function withoutProse(line: string): string {
  return /^\s*(\*|\/\*\*|\/\/)/.test(line) ? line.replace(/[:|<]\s*any\b|\bas any\b/g, '') : line;
}
