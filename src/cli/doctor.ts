import { Command } from 'commander';
import { SystemClock } from '../base/clock.ts';
import type { CommandIo } from './command-io.ts';
import { examine } from './doctor/examine.ts';
import { formatFindings } from './doctor/finding.ts';
import { EXIT } from './exit-status.ts';

/** `ocellus doctor`: what on this device works, what does not, and what to do about it. */
export function doctorCommand(io: CommandIo): Command {
  return new Command('doctor')
    .description('examine this device: providers, ffmpeg, cameras, broker, disk, clock; each with what to do')
    .option('-c, --config <file>', 'the configuration; without it cameras, models and broker are left out')
    .option('--json', 'print the findings as JSON: [{id, status, summary, detail?, remedy?}]')
    .addHelpText('after', '\nExit status: 1 when something failed, else 0.')
    .action(async (options: { config?: string; json?: boolean }) => {
      const findings = await examine({
        configFile: options.config,
        environment: process.env,
        clock: new SystemClock(),
        nodeVersion: process.version,
      });
      io.stdout.write(
        options.json === true ? `${JSON.stringify(findings, null, 2)}\n` : formatFindings(findings),
      );
      if (findings.some(({ status }) => status === 'fail')) io.setExitStatus(EXIT.failed);
    });
}
