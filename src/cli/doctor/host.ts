import { clockSync } from '../../device/clock-sync.ts';
import { diskSpace } from '../../device/disk-space.ts';
import { describeMachine, type Environment, machineRecord } from '../../device/machine-record.ts';
import type { Finding } from './finding.ts';

const OLDEST_NODE = [20, 19] as const;
const MIB = 2 ** 20;
const LOW_DISK_MIB = 2_048;
const NO_DISK_MIB = 256;

export async function machineFindings(environment: Environment): Promise<Finding[]> {
  return [{ id: 'machine', status: 'ok', summary: describeMachine(await machineRecord('/', environment)) }];
}

/** @param version as `process.version` has it */
export function nodeFindings(version: string): Finding[] {
  const [major = 0, minor = 0] = version.replace(/^v/, '').split('.').map(Number);
  const old = major < OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor < OLDEST_NODE[1]);
  if (!old) return [{ id: 'node', status: 'ok', summary: version }];
  const remedy = `install Node ${OLDEST_NODE.join('.')} or newer`;
  return [{ id: 'node', status: 'fail', summary: `${version} is too old`, remedy }];
}

export async function clockFindings(environment: Environment): Promise<Finding[]> {
  const id = 'clock';
  const { synchronised, source } = await clockSync(environment);
  if (synchronised === 'unknown') {
    return [
      { id, status: 'skip', summary: 'neither timedatectl nor chronyc can tell whether the clock is right' },
    ];
  }
  if (synchronised) return [{ id, status: 'ok', summary: `synchronised, says ${source}` }];
  return [
    {
      id,
      status: 'warn',
      summary: `not synchronised, says ${source}: events will carry wrong times`,
      remedy: 'timedatectl set-ntp true, or install chrony',
    },
  ];
}

/** @param folder `storage.path`, absolute */
export async function diskFindings(folder: string): Promise<Finding[]> {
  const id = 'disk';
  const space = await diskSpace(folder);
  const freeMiB = Math.floor(space.freeBytes / MIB);
  const summary = `${freeMiB} MiB free at ${space.folder}`;
  if (freeMiB < LOW_DISK_MIB) {
    const remedy = 'free space, or move storage.path to a larger disk';
    return [{ id, status: freeMiB < NO_DISK_MIB ? 'fail' : 'warn', summary, remedy }];
  }
  if (space.writable) return [{ id, status: 'ok', summary }];
  return [
    {
      id,
      status: 'warn',
      summary: `${summary}, but this user may not write there`,
      remedy: `run as the user of the service, or make ${folder} and give it to that user`,
    },
  ];
}
