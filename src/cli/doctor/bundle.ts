import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { stringify } from 'yaml';
import type { Clock } from '../../base/clock.ts';
import { explain, messageOf, OcellusError } from '../../base/errors.ts';
import { version } from '../../base/version.ts';
import { type LoadedConfig, loadConfig } from '../../config/load.ts';
import { HostReader } from '../../device/host/host-reader.ts';
import { type Environment, machineRecord } from '../../device/machine-record.ts';
import { runProgram } from '../../device/program.ts';
import type { Finding } from './finding.ts';
import { Scrubber, secretsOf } from './scrubber.ts';

const PROGRAM_DEADLINE_MS = 20_000;
const DAEMON_DEADLINE_MS = 3_000;
const DAEMON_LIMIT_CHARACTERS = 4 << 20;
const LOG_LINES = 5_000;

export interface BundleJob {
  /** Where it is written, `.tar.gz`. An existing file is replaced. */
  readonly file: string;
  readonly findings: readonly Finding[];
  readonly configFile: string | undefined;
  readonly environment: Environment;
  readonly clock: Clock;
}

/**
 * Packs what somebody who helps needs to know of a device, without secrets: every file passes the scrubber.
 * @throws OcellusError `io_failed`, `tool_missing`
 */
export async function writeBundle(job: BundleJob): Promise<void> {
  const { file, environment } = job;
  const scratch = await mkdtemp(join(tmpdir(), 'ocellus-bundle-'));
  try {
    const folder = join(scratch, 'ocellus-support');
    await mkdir(folder);
    for (const [name, content] of Object.entries(await contents(job))) {
      await writeFile(join(folder, name), content);
    }
    const args = ['-czf', resolve(file), '-C', scratch, 'ocellus-support'];
    const packed = await runProgram('tar', args, PROGRAM_DEADLINE_MS, environment);
    if (packed.outcome === 'missing')
      throw new OcellusError('tool_missing', 'tar is not installed', { hint: 'apt-get install tar' });
    if (packed.outcome === 'timed_out' || packed.status !== 0) {
      const why = packed.outcome === 'timed_out' ? 'it takes too long' : packed.stderr.trim();
      throw new OcellusError('io_failed', `${file} cannot be written: ${why}`, {
        hint: 'name a file in a folder that you may write',
      });
    }
    // Addresses and names of cameras are nobody else's business.
    await chmod(resolve(file), 0o600);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

async function contents({
  findings,
  configFile,
  environment,
  clock,
}: BundleJob): Promise<Record<string, string>> {
  const { text, loaded, problem } = await readConfig(configFile, environment);
  const scrubber = new Scrubber(secretsOf(text, loaded, environment));
  const reader = new HostReader(clock);
  await reader.sample();
  const listen = loaded?.config.http.listen;
  const files: Record<string, string> = {
    'README.txt': README,
    'findings.json': json(findings),
    'config.yaml': loaded === undefined ? `# ${problem}\n` : stringify(masked(loaded.config)),
    'versions.json': json({
      ocellus: version,
      ...process.versions,
      machine: await machineRecord('/', environment).catch((error: unknown) => messageOf(error)),
    }),
    'sensors.json': json(await reader.sample()),
    'metrics.txt': await fromDaemon(listen, '/metrics'),
    'state.json': await fromDaemon(listen, '/api/device'),
    'log.txt': await recentLog(environment),
  };
  return Object.fromEntries(Object.entries(files).map(([name, content]) => [name, scrubber.scrub(content)]));
}

const README = `What is in here: findings of "ocellus doctor", the configuration in force, versions, one sample of the sensors,
metrics and state of the running daemon where it answered, and the newest lines of its log.

Passwords, tokens, keys and their hashes were replaced by ***. Names and addresses of cameras, broker and device were not.
Look through the files before you pass them on.
`;

interface ReadConfig {
  /** Of the file as it is written; empty where it cannot be read. */
  readonly text: string;
  readonly loaded?: LoadedConfig;
  readonly problem?: string;
}

async function readConfig(file: string | undefined, environment: Environment): Promise<ReadConfig> {
  if (file === undefined) return { text: '', problem: 'no configuration was named (-c FILE)' };
  const text = await readFile(file, 'utf8').catch(() => '');
  try {
    return { text, loaded: loadConfig(file, environment) };
  } catch (error) {
    return { text, problem: `not sound, see findings.json: ${explain(error).split('\n')[0]}` };
  }
}

/** A copy in which whatever is called like a secret is hidden, and arguments that may hold one. */
function masked(value: unknown, key = ''): unknown {
  if (/password|secret|token$|credential|hash$/i.test(key) && typeof value === 'string') return '***';
  // Headers and cookies are passed to ffmpeg and GStreamer so.
  if (key === 'inputArgs' && Array.isArray(value)) {
    return value.map((argument, i) =>
      /header|cookie|auth|user|key/i.test(String(value[i - 1])) ? '***' : argument,
    );
  }
  if (Array.isArray(value)) return value.map((item) => masked(item));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, masked(item, name)]));
}

/** Where the daemon wants a login there is nothing to fetch: doctor has none. */
async function fromDaemon(listen: string | undefined, path: string): Promise<string> {
  if (listen === undefined || listen.endsWith(':0')) return '# its address is not known\n';
  const address = listen.replace(/^(?:0\.0\.0\.0|\[::\])/, '127.0.0.1');
  try {
    const response = await fetch(`http://${address}${path}`, {
      signal: AbortSignal.timeout(DAEMON_DEADLINE_MS),
      redirect: 'error',
    });
    const text = (await response.text()).slice(0, DAEMON_LIMIT_CHARACTERS);
    return response.ok ? text : `# ${response.status}: the daemon wants a login\n`;
  } catch (error) {
    return `# the daemon does not answer: ${messageOf(error)}\n`;
  }
}

async function recentLog(environment: Environment): Promise<string> {
  const args = ['-u', 'ocellus', '-n', String(LOG_LINES), '--no-pager', '-o', 'short-iso'];
  const log = await runProgram('journalctl', args, PROGRAM_DEADLINE_MS, environment);
  if (log.outcome === 'missing') return '# there is no journal on this machine\n';
  if (log.outcome === 'timed_out' || log.status !== 0) return '# the journal cannot be read by this user\n';
  return log.stdout;
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
