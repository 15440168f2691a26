import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { fillEmptySections } from '../../src/config/empty-sections.ts';
import { configJsonSchema } from '../../src/config/json-schema.ts';
import { configSchema } from '../../src/config/schema.ts';
import { filesUnder, read, root } from './project.ts';

const pages = ['README.md', ...filesUnder('docs', '.md')].filter((file) => existsSync(join(root, file)));
const commands = filesUnder('src/cli', '.ts')
  .filter((file) => /^src\/cli\/[^/]+\.ts$/.test(file) && /export function \w+Command\(/.test(read(file)))
  .map((file) => file.slice('src/cli/'.length, -'.ts'.length));
const scripts = Object.keys((JSON.parse(read('package.json')) as { scripts: object }).scripts);

/** Lines of fenced blocks and the text of code spans. */
function codeOf(markdown: string): string[] {
  const blocks = [...markdown.matchAll(/^```\w*\n(.*?)^```/gms)].flatMap((match) => match[1]!.split('\n'));
  const spans = [...markdown.replace(/^```.*?^```/gms, '').matchAll(/`([^`\n]+)`/g)].map(
    (match) => match[1]!,
  );
  return [...blocks, ...spans];
}

/** The subcommands and npm scripts that code runs. */
function namedIn(code: readonly string[]): { commands: string[]; scripts: string[] } {
  const find = (pattern: RegExp) =>
    code.flatMap((line) => [...line.matchAll(pattern)].map((match) => match[1]!));
  return {
    commands: find(/(?:^|[\s/])(?:ocellus|node dist\/main\.js) ([a-z]+)\b/g),
    scripts: find(/\bnpm run (?:--\S+ )*([a-z:]+)/g),
  };
}

describe.each(pages)('%s', (page) => {
  const named = namedIn(codeOf(read(page)));

  test('names commands that exist', () => {
    expect(named.commands.filter((name) => !commands.includes(name))).toEqual([]);
  });

  test('names npm scripts that exist', () => {
    expect(named.scripts.filter((name) => !scripts.includes(name))).toEqual([]);
  });

  test('shows configurations that are sound', () => {
    const blocks = [...read(page).matchAll(/^```yaml\n(.*?)^```/gms)].map((match) => match[1]!);
    for (const block of blocks.filter((text) => /^cameras:/m.test(text))) {
      const data = fillEmptySections(parse(block), configJsonSchema());
      expect(configSchema.safeParse(data).error?.issues ?? []).toEqual([]);
    }
  });

  test('links to files that exist', () => {
    const links = [...read(page).matchAll(/\]\((?!https?:|#|mailto:)([^)#\s]+)/g)].map((match) => match[1]!);
    expect(links.filter((link) => !existsSync(join(root, page, '..', link)))).toEqual([]);
  });
});

test('the rule sees commands in blocks and in spans', () => {
  const markdown =
    'Text `ocellus chek -c f`.\n\n```sh\nnode dist/main.js demmo\nnpm run --silent biuld\n```\n';
  expect(namedIn(codeOf(markdown))).toEqual({ commands: ['demmo', 'chek'], scripts: ['biuld'] });
});
