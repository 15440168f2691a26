import type { Environment } from './machine-record.ts';
import { runProgram } from './program.ts';

/** Whether the wall clock is kept right, and who says so; `unknown` where nobody can tell. */
export interface ClockSync {
  readonly synchronised: boolean | 'unknown';
  readonly source: 'timedatectl' | 'chronyc' | null;
}

const DEADLINE_MS = 5_000;

/** Asks systemd, then chrony, whether the clock is synchronised. */
export async function clockSync(environment: Environment = process.env): Promise<ClockSync> {
  const systemd = await runProgram(
    'timedatectl',
    ['show', '-p', 'NTPSynchronized', '--value'],
    DEADLINE_MS,
    environment,
  );
  if (systemd.outcome === 'exited' && systemd.status === 0) {
    return { synchronised: systemd.stdout.trim() === 'yes', source: 'timedatectl' };
  }
  const chrony = await runProgram('chronyc', ['-c', 'tracking'], DEADLINE_MS, environment);
  if (chrony.outcome === 'exited' && chrony.status === 0) {
    return { synchronised: !chrony.stdout.includes('Not synchronised'), source: 'chronyc' };
  }
  return { synchronised: 'unknown', source: null };
}
