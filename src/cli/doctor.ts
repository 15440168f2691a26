import { Command } from 'commander';
import { SystemClock } from '../base/clock.ts';
import { OcellusError } from '../base/errors.ts';
import type { CommandIo } from './command-io.ts';
import { writeBundle } from './doctor/bundle.ts';
import { examine } from './doctor/examine.ts';
import { formatFindings } from './doctor/finding.ts';
import { formatCameras, listCameras } from './doctor/onvif/list-cameras.ts';
import { EXIT } from './exit-status.ts';

/** `ocellus doctor`: what on this device works, what does not, and what to do about it. */
export function doctorCommand(io: CommandIo): Command {
  return new Command('doctor')
    .description('examine this device: providers, ffmpeg, cameras, broker, disk, clock; each with what to do')
    .option('-c, --config <file>', 'the configuration; without it cameras, models and broker are left out')
    .option('--json', 'print the findings as JSON: [{id, status, summary, detail?, remedy?}]')
    .option(
      '--bundle <file.tar.gz>',
      'also pack findings, masked configuration, versions, sensors and log, without secrets',
    )
    .option(
      '--discover [address]',
      'only list the cameras of this network by ONVIF, or the one at an address (host or host:port)',
    )
    .option('--user <name>', 'for --discover: user of the cameras; the password is in OCELLUS_ONVIF_PASSWORD')
    .addHelpText('after', '\nExit status: 1 when something failed, else 0.')
    .action(async (options: DoctorOptions) => {
      if (options.discover !== undefined) {
        await printCameras(io, options);
        return;
      }
      const job = { configFile: options.config, environment: process.env, clock: new SystemClock() };
      const findings = await examine({ ...job, nodeVersion: process.version });
      io.stdout.write(
        options.json === true ? `${JSON.stringify(findings, null, 2)}\n` : formatFindings(findings),
      );
      if (options.bundle !== undefined) {
        await writeBundle({ ...job, findings, file: options.bundle });
        io.stderr.write(`${options.bundle} is written: look through it before you pass it on\n`);
      }
      if (findings.some(({ status }) => status === 'fail')) io.setExitStatus(EXIT.failed);
    });
}

interface DoctorOptions {
  readonly config?: string;
  readonly json?: boolean;
  readonly bundle?: string;
  /** True without an address. */
  readonly discover?: string | true;
  readonly user?: string;
}

const DISCOVERY_PORT = 3702;

async function printCameras(io: CommandIo, { discover, user, json }: DoctorOptions): Promise<void> {
  const password = process.env.OCELLUS_ONVIF_PASSWORD;
  const credentials = user === undefined || password === undefined ? undefined : { username: user, password };
  if (user !== undefined && password === undefined) {
    throw new OcellusError('usage', 'there is no password for --user', {
      hint: 'put it into the environment variable OCELLUS_ONVIF_PASSWORD',
    });
  }
  const target = typeof discover === 'string' ? addressOf(discover) : undefined;
  const cameras = await listCameras(new SystemClock(), credentials, target);
  io.stdout.write(json === true ? `${JSON.stringify(cameras, null, 2)}\n` : formatCameras(cameras, user));
}

/** `192.0.2.10` or `192.0.2.10:3702`. */
function addressOf(text: string): { address: string; port: number } {
  const [address = '', port = String(DISCOVERY_PORT)] = text.split(':');
  if (address !== '' && /^\d{1,5}$/.test(port) && Number(port) > 0 && Number(port) < 65_536) {
    return { address, port: Number(port) };
  }
  throw new OcellusError('usage', `"${text}" is no address`, { hint: 'write 192.0.2.10 or 192.0.2.10:3702' });
}
