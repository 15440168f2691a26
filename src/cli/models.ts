import { Command } from 'commander';
import type { CommandIo } from './command-io.ts';
import { modelsImportCommand } from './models-import.ts';
import { modelsInspectCommand } from './models-inspect.ts';
import { modelsListCommand } from './models-list.ts';
import { modelsPullCommand } from './models-pull.ts';
import { modelsQuantizeCommand } from './models-quantize.ts';
import { modelsVerifyCommand } from './models-verify.ts';

/** `ocellus models`: the model toolchain. Every subcommand is one file, `models-<name>.ts`, beside this one. */
export function modelsCommand(io: CommandIo): Command {
  const models = new Command('models').description('list, fetch, look into and prepare models');
  const commands = [
    modelsListCommand(io),
    modelsPullCommand(io),
    modelsInspectCommand(io),
    modelsImportCommand(io),
    modelsQuantizeCommand(io),
    modelsVerifyCommand(io),
  ];
  for (const command of commands) {
    models.addCommand(command);
  }
  return models;
}
