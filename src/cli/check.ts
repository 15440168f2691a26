import { Command } from 'commander';
import { OcellusError } from '../base/errors.ts';
import { formatIssue } from '../config/issue.ts';
import { loadConfig } from '../config/load.ts';
import type { Config } from '../config/schema.ts';
import type { CommandIo } from './command-io.ts';
import { EXIT } from './exit-status.ts';

/** `ocellus check`: validates a configuration without starting anything. */
export function checkCommand(io: CommandIo): Command {
  return new Command('check')
    .description('validate a configuration; prints FILE:LINE:COL: path: message for everything that is wrong')
    .requiredOption('-c, --config <file>', 'the configuration, YAML')
    .addHelpText(
      'after',
      '\nExit status: 0 sound, 78 not.\n\nExample:\n  ocellus check -c /etc/ocellus/ocellus.yaml',
    )
    .action(({ config: file }: { config: string }) => {
      try {
        const { config } = loadConfig(file, process.env);
        io.stdout.write(`${file}: ${summary(config)}\n`);
      } catch (error) {
        if (!(error instanceof OcellusError && error.code === 'config_invalid')) throw error;
        for (const issue of error.issues) io.stdout.write(`${formatIssue(issue)}\n`);
        io.setExitStatus(EXIT.config);
      }
    });
}

function summary(config: Config): string {
  const cameras = count(Object.keys(config.cameras).length, 'camera');
  const models = count(Object.keys(config.models).length, 'model');
  const events = config.mqtt === undefined ? 'events go to the log only' : 'events go to the MQTT broker';
  const idle = cameras.startsWith('0') ? '; nothing to watch until a camera is added' : '';
  return `sound: ${cameras}, ${models}, ${events}${idle}`;
}

function count(n: number, noun: string): string {
  return `${n} ${noun}${n === 1 ? '' : 's'}`;
}
