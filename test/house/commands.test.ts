import { PassThrough } from 'node:stream';
import type { Command } from 'commander';
import { describe, expect, test } from 'vitest';
import type { CommandIo } from '../../src/cli/command-io.ts';
import { filesUnder, read } from './project.ts';

const files = filesUnder('src/cli', '.ts').filter((file) =>
  /export function \w+Command\(io/.test(read(file)),
);

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
    expect(`src/cli/${command.name()}.ts`).toBe(file);
    expect(command.description()).not.toBe('');
    expect(command.helpInformation()).toMatch(/^Usage: /);
    const bare = command.options.filter((option) => option.description === '').map((option) => option.flags);
    expect(bare).toEqual([]);
  });

  test('is part of the program', () => {
    expect(read('src/cli/program.ts')).toContain(`${create}(io)`);
  });
});
