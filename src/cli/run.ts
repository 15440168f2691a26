import { Command } from 'commander';
import { Daemon } from '../app/daemon.ts';
import { SystemClock } from '../base/clock.ts';
import { isJournal } from '../base/journal.ts';
import { createLogger } from '../base/log.ts';
import { loadConfig } from '../config/load.ts';
import { takeServiceManagerTerms } from '../device/service-manager.ts';
import type { CommandIo } from './command-io.ts';

/** `ocellus run -c FILE`: the daemon, until a signal ends it. SIGHUP has it take over what changed in the file. */
export function runCommand(io: CommandIo): Command {
  return new Command('run')
    .description('run the daemon; SIGHUP reloads its configuration')
    .requiredOption('-c, --config <file>', 'configuration (YAML)')
    .action(async (options: { config: string }) => {
      const serviceManager = takeServiceManagerTerms(process.env, process.pid);
      const loaded = loadConfig(options.config, process.env);
      const clock = new SystemClock();
      const toJournal = isJournal(2, process.env.JOURNAL_STREAM);
      const log = createLogger({ level: loaded.config.log.level, clock, toJournal });
      const daemon = new Daemon({
        ...{ ...loaded, log, clock, random: Math.random },
        setLogLevel: (level) => log.setLevel(level),
        ...(serviceManager && { serviceManager }),
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
