import { Command, CommanderError } from 'commander';
import { explain, isAbort } from '../base/errors.ts';
import { version } from '../base/version.ts';
import { benchCommand } from './bench.ts';
import { checkCommand } from './check.ts';
import type { CommandIo } from './command-io.ts';
import { demoCommand } from './demo.ts';
import { detectCommand } from './detect.ts';
import { doctorCommand } from './doctor.ts';
import { EXIT, exitStatusOf } from './exit-status.ts';
import { modelsCommand } from './models.ts';
import { passwordCommand } from './password.ts';
import { runCommand } from './run.ts';
import { schemaCommand } from './schema.ts';
import { trackCommand } from './track.ts';

/** The whole command line. Every subcommand is one file beside this one. */
export function createProgram(io: CommandIo): Command {
  const program = new Command('ocellus')
    .description('Cameras in, detection and tracking with ONNX Runtime, trustworthy MQTT events out.')
    .version(version)
    .showHelpAfterError('(ocellus --help lists the commands)')
    .addHelpText(
      'after',
      '\nExit status: 0 done, 1 failed while running, 2 wrong usage, 78 bad configuration, 130/143 ended by a signal.',
    );
  for (const command of [
    runCommand(io),
    demoCommand(io),
    checkCommand(io),
    doctorCommand(io),
    detectCommand(io),
    trackCommand(io),
    modelsCommand(io),
    passwordCommand(io),
    benchCommand(io),
    schemaCommand(io),
  ]) {
    program.addCommand(command);
  }
  speakThrough(io, program);
  return program;
}

/** Commander's own messages go where the command's go, and its errors are thrown, for subcommands at any depth. */
function speakThrough(io: CommandIo, command: Command): void {
  command.exitOverride().configureOutput({
    writeOut: (text) => io.stdout.write(text),
    writeErr: (text) => io.stderr.write(text),
  });
  for (const subcommand of command.commands) speakThrough(io, subcommand);
}

/** Runs one command line and gives its exit status. Never throws and never ends the process. */
export async function runCli(
  argv: readonly string[],
  parts: Omit<CommandIo, 'setExitStatus'>,
): Promise<number> {
  let status: number = EXIT.done;
  const io: CommandIo = {
    ...parts,
    setExitStatus: (value) => {
      status = value;
    },
  };
  try {
    await createProgram(io).parseAsync([...argv]);
    return status;
  } catch (error) {
    if (isAbort(error) && io.signal.aborted) return status;
    // Commander has printed its own message already.
    if (!(error instanceof CommanderError)) io.stderr.write(`ocellus: ${explain(error)}\n`);
    return exitStatusOf(error);
  }
}
