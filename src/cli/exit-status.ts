import { CommanderError } from 'commander';
import { OcellusError } from '../base/errors.ts';

/** Exit statuses that scripts and systemd rely on. systemd does not restart on 78 (EX_CONFIG of sysexits.h). */
export const EXIT = { done: 0, failed: 1, usage: 2, config: 78 } as const;

/** The exit status for anything that a subcommand threw. */
export function exitStatusOf(thrown: unknown): number {
  if (thrown instanceof CommanderError) return thrown.exitCode === 0 ? EXIT.done : EXIT.usage;
  if (!(thrown instanceof OcellusError)) return EXIT.failed;
  switch (thrown.code) {
    case 'usage':
      return EXIT.usage;
    case 'config_invalid':
    case 'config_unreadable':
      return EXIT.config;
    default:
      return EXIT.failed;
  }
}
