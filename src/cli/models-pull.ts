import { join, resolve } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import { SystemClock } from '../base/clock.ts';
import { modelDirs, pullDir } from '../models/model-dirs.ts';
import { pullModel } from '../models/pull.ts';
import { findInRegistry } from '../models/registry.ts';
import type { CommandIo } from './command-io.ts';
import { PullProgress } from './pull-progress.ts';
import { formatBytes } from './table.ts';

interface PullCommandOptions {
  readonly dir?: string;
  readonly from?: string;
  readonly sha256?: string;
  readonly acceptLicence?: string;
  readonly force?: boolean;
  readonly json?: boolean;
}

/** `ocellus models pull ID`: brings the file of a manifest, checked, from its publisher or from a file. */
export function modelsPullCommand(io: CommandIo): Command {
  return new Command('pull')
    .description('fetch the file of a model that has a manifest')
    .argument('<id>', 'id that `ocellus models list` shows')
    .option('--dir <dir>', `where it goes (default: ${pullDir()})`)
    .option('--from <file>', 'take this file instead of fetching it, on a device without a network')
    .option('--sha256 <hex>', 'the checksum that the file must have', sha256)
    .option(
      '--accept-licence <id>',
      'fetch a model whose licence asks something of you, such as AGPL-3.0-only',
    )
    .option('--force', 'replace a file that is there')
    .option('--json', 'one JSON object: file, sha256, bytes, trust, unchanged')
    .addHelpText(
      'after',
      '\nWhat was fetched before an interruption is kept, and gone on with. Proxies: HTTPS_PROXY, NO_PROXY.' +
        '\nExample: ocellus models pull yolox-nano',
    )
    .action((id: string, options: PullCommandOptions) => pull(io, id, options));
}

async function pull(io: CommandIo, id: string, options: PullCommandOptions): Promise<void> {
  const dir = resolve(options.dir ?? pullDir());
  const { manifest } = findInRegistry(id, [...new Set([dir, ...modelDirs(process.cwd())])]);
  const clock = new SystemClock();
  const progress = new PullProgress(io.stderr, id, clock);
  const say = (message: string) => progress.interrupt(`ocellus: ${message}\n`);
  try {
    const outcome = await pullModel({
      manifest,
      file: join(dir, `${id}.onnx`),
      from: options.from,
      sha256: options.sha256,
      acceptLicence: options.acceptLicence,
      force: options.force,
      clock,
      random: Math.random,
      signal: io.signal,
      onProgress: (bytes, total) => progress.show(bytes, total),
      onRetry: (why, delayMs) => say(`${why}; trying again in ${Math.ceil(delayMs / 1000)} s`),
      warn: say,
    });
    progress.finish();
    if (options.json === true) io.stdout.write(`${JSON.stringify(outcome)}\n`);
    else {
      const what = outcome.unchanged ? 'is here already' : 'is here';
      io.stdout.write(`${id} ${what}: ${outcome.file}, ${formatBytes(outcome.bytes)}\n`);
    }
  } finally {
    progress.finish();
  }
}

function sha256(text: string): string {
  const hex = text.toLowerCase();
  if (!/^[0-9a-f]{64}$/.test(hex)) throw new InvalidArgumentError('give 64 hexadecimal digits');
  return hex;
}
