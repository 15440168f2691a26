import type { Clock } from './clock.ts';
import { withDeadline } from './deadline.ts';
import { messageOf } from './errors.ts';
import type { Logger } from './log.ts';

/** Something with a life. The constructor does nothing; `start` resolves when it is usable; `close` is idempotent. */
export interface Service {
  readonly name: string;
  start(signal: AbortSignal): Promise<void>;
  /** Ends everything that `start` began and settles every pending promise within `deadlineMs`. */
  close(deadlineMs: number): Promise<void>;
}

/** Starts services in order and closes what was started in reverse order, from one list. */
export class ServiceStack {
  readonly #started: Service[] = [];
  readonly #log: Logger;
  readonly #clock: Clock;
  #closing: Promise<void> | undefined;

  constructor(log: Logger, clock: Clock) {
    this.#log = log;
    this.#clock = clock;
  }

  /** Starts one service. One that fails to start is closed at once; the error is the caller's. */
  async start(service: Service, signal: AbortSignal): Promise<void> {
    this.#started.push(service);
    await service.start(signal);
    this.#log.debug({ service: service.name }, 'started');
  }

  /** Closes all in reverse. A service that fails or outlasts `deadlineMs` is logged and the rest go on. */
  close(deadlineMs: number): Promise<void> {
    this.#closing ??= this.#closeAll(deadlineMs);
    return this.#closing;
  }

  async #closeAll(deadlineMs: number): Promise<void> {
    for (let service = this.#started.pop(); service !== undefined; service = this.#started.pop()) {
      try {
        await withDeadline(
          service.close(deadlineMs),
          deadlineMs + 500,
          `closing ${service.name}`,
          this.#clock,
        );
      } catch (error) {
        this.#log.error({ service: service.name, error: messageOf(error) }, 'service failed to close');
      }
    }
  }
}
