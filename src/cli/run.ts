import { Command } from 'commander';
import { Daemon } from '../app/daemon.ts';
import { SystemClock } from '../base/clock.ts';
import { createLogger } from '../base/log.ts';
import { loadConfig } from '../config/load.ts';
import type { CommandIo } from './command-io.ts';

/** `ocellus run -c FILE`: the daemon, until a signal ends it. SIGHUP has it take over what changed in the file. */
export function runCommand(io: CommandIo): Command {
  return new Command('run')
    .description('run the daemon; SIGHUP reloads its configuration')
    .requiredOption('-c, --config <file>', 'configuration (YAML)')
    .action(async (options: { config: string }) => {
      const loaded = loadConfig(options.config, process.env);
      const log = createLogger(loaded.config.log.level);
      const daemon = new Daemon({
        ...loaded,
        log,
        setLogLevel: (level) => log.setLevel(level),
        clock: new SystemClock(),
        random: Math.random,
      });
      const reload = () => void daemon.reload();
      process.on('SIGHUP', reload);
      try {
        await daemon.run(io.signal);
      } finally {
        process.off('SIGHUP', reload);
      }
    });
}
