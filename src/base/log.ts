import { pino } from 'pino';
import type { Clock } from './clock.ts';
import { journalLines } from './journal.ts';
import { LimitedLogger } from './limited-logger.ts';
import { RepeatLimit } from './repeat-limit.ts';

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export type LogFields = Record<string, unknown>;

/** Structured log lines. `fields` are data, `message` is a constant sentence. */
export interface Logger {
  debug(fields: LogFields, message: string): void;
  info(fields: LogFields, message: string): void;
  warn(fields: LogFields, message: string): void;
  error(fields: LogFields, message: string): void;
  /** A logger that adds `fields` to every line. */
  child(fields: LogFields): Logger;
}

/** A logger whose level can be changed while it is in use, for its children too. */
export interface AdjustableLogger extends Logger {
  setLevel(level: LogLevel): void;
}

export interface LogOptions {
  readonly level: LogLevel;
  /** For the limit of repeated lines. */
  readonly clock: Clock;
  /** stderr goes to the journal, which wants a priority before each line. */
  readonly toJournal?: boolean;
}

/**
 * Logs JSON lines to stderr, so that stdout stays free for output. Of lines with the same message from the same part, one every
 * three seconds is written after the first 20; it says how many were left out. `debug` has no limit.
 */
export function createLogger({ level, clock, toJournal = false }: LogOptions): AdjustableLogger {
  // Synchronous: a line written just before a crash must not be lost, and the volume is low.
  const stderr = pino.destination({ dest: 2, sync: true });
  const lines = pino(
    {
      level: 'debug',
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      serializers: { err: pino.stdSerializers.err },
    },
    toJournal ? journalLines(stderr) : stderr,
  );
  return new LevelledLogger(new LimitedLogger(lines, new RepeatLimit(REPEATS), clock), { level });
}

/** Pino's children keep the level of their birth; these share one. */
class LevelledLogger implements AdjustableLogger {
  readonly #lines: Logger;
  readonly #least: { level: LogLevel };

  constructor(lines: Logger, least: { level: LogLevel }) {
    this.#lines = lines;
    this.#least = least;
  }

  debug(fields: LogFields, message: string): void {
    if (this.#isWritten('debug')) this.#lines.debug(fields, message);
  }

  info(fields: LogFields, message: string): void {
    if (this.#isWritten('info')) this.#lines.info(fields, message);
  }

  warn(fields: LogFields, message: string): void {
    if (this.#isWritten('warn')) this.#lines.warn(fields, message);
  }

  error(fields: LogFields, message: string): void {
    if (this.#isWritten('error')) this.#lines.error(fields, message);
  }

  child(fields: LogFields): Logger {
    return new LevelledLogger(this.#lines.child(fields), this.#least);
  }

  setLevel(level: LogLevel): void {
    this.#least.level = level;
  }

  #isWritten(level: LogLevel): boolean {
    return LOG_LEVELS.indexOf(level) >= LOG_LEVELS.indexOf(this.#least.level);
  }
}

const REPEATS = { burst: 20, refillMs: 3_000, maxKinds: 512, tellAfterMs: 60_000 };

/** A logger that writes nothing. */
export const silentLogger: Logger = {
  debug() {},
  info() {},
  warn() {},
  error() {},
  child: () => silentLogger,
};

const URL_PASSWORD = /([a-z][a-z0-9+.-]*:\/\/)([^/\s@:]*):(\S*)@/gi;
const SECRET_PARAMETER = /([?&](?:password|passwd|pass|pwd|token|secret|api_?key|auth)=)[^&\s"']*/gi;

/**
 * `rtsp://user:secret@host/path?pwd=secret` -> `rtsp://user:***@host/path?pwd=***`; other text is kept. A password that
 * holds "@" or "/" unescaped is hidden too. Safe on anything logged.
 */
export function redactUrl(text: string): string {
  return text.replace(URL_PASSWORD, '$1$2:***@').replace(SECRET_PARAMETER, '$1***');
}
