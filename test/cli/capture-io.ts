import { Readable, Writable } from 'node:stream';
import type { Command } from 'commander';
import type { CommandIo } from '../../src/cli/command-io.ts';

export interface CommandOutcome {
  readonly stdout: string;
  readonly stderr: string;
  readonly status: number;
}

/** Runs one subcommand in this process and keeps what it wrote. What it throws is thrown. */
export async function runCommand(
  create: (io: CommandIo) => Command,
  args: readonly string[],
  stdin = '',
): Promise<CommandOutcome> {
  const stdout = collector();
  const stderr = collector();
  let status = 0;
  const io: CommandIo = {
    stdin: Readable.from([stdin]),
    stdout: stdout.stream,
    stderr: stderr.stream,
    signal: new AbortController().signal,
    setExitStatus: (value) => {
      status = value;
    },
  };
  const command = create(io)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => io.stdout.write(text),
      writeErr: (text) => io.stderr.write(text),
    });
  await command.parseAsync([...args], { from: 'user' });
  return { stdout: stdout.text(), stderr: stderr.text(), status };
}

function collector(): { stream: Writable; text: () => string } {
  const chunks: string[] = [];
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      chunks.push(chunk.toString());
      done();
    },
  });
  return { stream, text: () => chunks.join('') };
}
