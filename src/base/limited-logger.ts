import type { Clock } from './clock.ts';
import type { LogFields, Logger } from './log.ts';
import type { RepeatLimit } from './repeat-limit.ts';

/** Holds repeated lines to a rate, so that a camera that fails at every frame does not fill the disk with that. */
export class LimitedLogger implements Logger {
  readonly #inner: Logger;
  readonly #limit: RepeatLimit;
  readonly #clock: Clock;
  readonly #part: string;

  constructor(inner: Logger, limit: RepeatLimit, clock: Clock, part = '') {
    this.#inner = inner;
    this.#limit = limit;
    this.#clock = clock;
    this.#part = part;
  }

  debug(fields: LogFields, message: string): void {
    this.#inner.debug(fields, message);
  }

  info(fields: LogFields, message: string): void {
    this.#write('info', fields, message);
  }

  warn(fields: LogFields, message: string): void {
    this.#write('warn', fields, message);
  }

  error(fields: LogFields, message: string): void {
    this.#write('error', fields, message);
  }

  child(fields: LogFields): Logger {
    const part = `${this.#part} ${JSON.stringify(fields)}`;
    return new LimitedLogger(this.#inner.child(fields), this.#limit, this.#clock, part);
  }

  #write(level: 'info' | 'warn' | 'error', fields: LogFields, message: string): void {
    const camera = typeof fields.camera === 'string' ? fields.camera : '';
    const kind = `${level}${this.#part} ${camera} ${message}`;
    const monoMs = this.#clock.monoMs();
    for (const { kind: of, suppressed } of this.#limit.overdue(monoMs)) {
      this.#inner.info({ of, suppressed }, 'repeated lines were left out');
    }
    const suppressed = this.#limit.admit(kind, monoMs);
    if (suppressed === undefined) return;
    this.#inner[level](suppressed === 0 ? fields : { ...fields, suppressed }, message);
  }
}
