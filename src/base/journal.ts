import { fstatSync } from 'node:fs';

/** Priorities of syslog(3), which the journal takes from `<N>` at the beginning of a line: `journalctl -p warning` goes by them. */
export const JOURNAL_PRIORITIES = { debug: 7, info: 6, warn: 4, error: 3 } as const;

/** @param journalStream `$JOURNAL_STREAM`: `device:inode` of what the service manager connected to the journal */
export function isJournal(fd: number, journalStream: string | undefined): boolean {
  if (journalStream === undefined) return false;
  try {
    const { dev, ino } = fstatSync(fd, { bigint: true });
    return journalStream === `${dev}:${ino}`;
  } catch {
    return false;
  }
}

/** Every line of `text` with its priority. */
export function withPriority(level: keyof typeof JOURNAL_PRIORITIES, text: string): string {
  return text.replace(/^(?=.)/gm, `<${JOURNAL_PRIORITIES[level]}>`);
}

/** A destination of pino's that puts the priority of its level before each line. */
export function journalLines(stderr: { write(line: string): unknown }) {
  return {
    /** Asks pino to set `lastLevel` before each line. */
    [Symbol.for('pino.metadata')]: true,
    lastLevel: 30,
    write(line: string): void {
      stderr.write(`<${priorityOf(this.lastLevel)}>${line}`);
    },
  };
}

/** @param level as pino numbers it */
function priorityOf(level: number): number {
  const { error, warn, info, debug } = JOURNAL_PRIORITIES;
  if (level >= 50) return error;
  if (level >= 40) return warn;
  return level >= 30 ? info : debug;
}
