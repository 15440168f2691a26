import { abortError, type Clock } from './clock.ts';
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
  readonly #started: (Service | ServiceStack)[] = [];
  readonly #log: Logger;
  readonly #clock: Clock;
  #closing: Promise<void> | undefined;

  constructor(log: Logger, clock: Clock) {
    this.#log = log;
    this.#clock = clock;
  }

  /** Starts one service. One that fails to start is closed at once; the error is the caller's. */
  async start(service: Service, signal: AbortSignal): Promise<void> {
    if (this.#closing !== undefined) throw abortError();
    this.#started.push(service);
    await service.start(signal);
    this.#log.debug({ service: service.name }, 'started');
  }

  /** A stack at this place of this one: its services come and go while those around it stay, and it is closed with it. */
  nested(): ServiceStack {
    const stack = new ServiceStack(this.#log, this.#clock);
    this.#started.push(stack);
    return stack;
  }

  /** Closes one service before the rest. One that fails or outlasts `deadlineMs` is logged. @param close how, if in a way of its own */
  async stop(
    service: Service,
    deadlineMs: number,
    close = (withinMs: number) => service.close(withinMs),
  ): Promise<void> {
    const at = this.#started.indexOf(service);
    if (at >= 0) this.#started.splice(at, 1);
    await this.#closeOne(service, deadlineMs, close);
  }

  /** Closes all in reverse. A service that fails or outlasts `deadlineMs` is logged and the rest go on. */
  close(deadlineMs: number): Promise<void> {
    this.#closing ??= this.#closeAll(deadlineMs);
    return this.#closing;
  }

  async #closeAll(deadlineMs: number): Promise<void> {
    for (let last = this.#started.pop(); last !== undefined; last = this.#started.pop()) {
      if (last instanceof ServiceStack) await last.close(deadlineMs);
      else await this.#closeOne(last, deadlineMs);
    }
  }

  async #closeOne(
    service: Service,
    deadlineMs: number,
    close = (withinMs: number) => service.close(withinMs),
  ): Promise<void> {
    try {
      await withDeadline(close(deadlineMs), deadlineMs + 500, `closing ${service.name}`, this.#clock);
    } catch (error) {
      this.#log.error({ service: service.name, error: messageOf(error) }, 'service failed to close');
    }
  }
}
