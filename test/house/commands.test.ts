import { PassThrough } from 'node:stream';
import type { Command } from 'commander';
import { describe, expect, test } from 'vitest';
import type { CommandIo } from '../../src/cli/command-io.ts';
import { filesUnder, read } from './project.ts';

const files = filesUnder('src/cli', '.ts').filter((file) =>
  /export function \w+Command\(io/.test(read(file)),
);

/** `models-list.ts` is the subcommand `list` of the command in `models.ts`. */
function placeOf(file: string): { parent: string | undefined; name: string } {
  const [, parent, name] = /^src\/cli\/(?:([a-z]+)-)?([a-z]+)\.ts$/.exec(file)!;
  return { parent, name: name! };
}

const io: CommandIo = {
  stdin: new PassThrough(),
  stdout: new PassThrough(),
  stderr: new PassThrough(),
  signal: new AbortController().signal,
  setExitStatus: () => {},
};

describe.each(files)('%s', (file) => {
  const create = /export function (\w+Command)\(io/.exec(read(file))![1]!;

  test('is a command of its name with help for people', async () => {
    const module = (await import(`../../${file}`)) as Record<string, (io: CommandIo) => Command>;
    const command = module[create]!(io);
    const { parent, name } = placeOf(file);
    expect(command.name()).toBe(name);
    if (parent !== undefined) expect(files).toContain(`src/cli/${parent}.ts`);
    expect(command.description()).not.toBe('');
    expect(command.helpInformation()).toMatch(/^Usage: /);
    const bare = command.options.filter((option) => option.description === '').map((option) => option.flags);
    expect(bare).toEqual([]);
  });

  test('is part of the program', () => {
    expect(read(`src/cli/${placeOf(file).parent ?? 'program'}.ts`)).toContain(`${create}(io)`);
  });
});
