import type { Clock, Timer } from '../base/clock.ts';
import { messageOf } from '../base/errors.ts';
import type { Logger } from '../base/log.ts';
import { NotifySocket } from './notify-socket.ts';

/** What a service manager told this process when it started it. */
export interface ServiceManagerTerms {
  /** `$NOTIFY_SOCKET`. */
  readonly address: string;
  /** It ends this process when it hears nothing for so long; undefined when it does not watch. */
  readonly watchdogMs: number | undefined;
}

/** Messages that could not be sent yet, of those that must arrive. */
const MAX_WAITING = 16;
const RETRY_MS = 100;

/**
 * Takes the terms out of the environment, so that no child process takes them for its own.
 * @returns undefined when no service manager listens
 */
export function takeServiceManagerTerms(
  environment: Record<string, string | undefined>,
  pid: number,
): ServiceManagerTerms | undefined {
  const { NOTIFY_SOCKET: address, WATCHDOG_USEC: usec, WATCHDOG_PID: watchedPid } = environment;
  for (const name of ['NOTIFY_SOCKET', 'WATCHDOG_USEC', 'WATCHDOG_PID']) delete environment[name];
  if (address === undefined || address === '') return undefined;
  const isWatched = watchedPid === undefined || Number(watchedPid) === pid;
  const watchdogMs = Number(usec) / 1000;
  return { address, watchdogMs: isWatched && watchdogMs > 0 ? watchdogMs : undefined };
}

/**
 * Tells systemd, or whoever listens at `$NOTIFY_SOCKET`, how this service is: the protocol of sd_notify(3). Without a listener
 * every call does nothing. Nothing here waits or throws, and what goes wrong is logged once.
 */
export class ServiceManager {
  readonly #terms: ServiceManagerTerms | undefined;
  readonly #clock: Clock;
  readonly #log: Logger;
  #socket: NotifySocket | undefined;
  #waiting: string[] = [];
  #retry: Timer | undefined;
  #hasFailed = false;

  constructor(terms: ServiceManagerTerms | undefined, clock: Clock, log: Logger) {
    this.#terms = terms;
    this.#clock = clock;
    this.#log = log;
  }

  /** Within how many ms `alive` must be called again; undefined when nobody watches. */
  get watchdogMs(): number | undefined {
    return this.#terms?.watchdogMs;
  }

  async open(): Promise<void> {
    if (this.#terms === undefined) return;
    try {
      this.#socket = await NotifySocket.open(this.#terms.address);
    } catch (error) {
      this.#failed(messageOf(error));
    }
  }

  /** The start is over, or a reload is. */
  ready(status: string): void {
    this.#mustArrive({ READY: '1', STATUS: status });
  }

  /** Starting takes longer: the manager should wait for at least `ms` from now. */
  stillStarting(ms: number, status: string): void {
    this.#mayGetLost({ EXTEND_TIMEOUT_USEC: usec(ms), STATUS: status });
  }

  /** The configuration is read anew; `ready` ends it. */
  reloading(): void {
    // As systemd 253 and newer want it: from it they know which of several reloads ended.
    const monotonicUsec = process.hrtime.bigint() / 1000n;
    this.#mustArrive({ RELOADING: '1', MONOTONIC_USEC: String(monotonicUsec), STATUS: 'reloading' });
  }

  /** @param maxMs how long stopping may take at most */
  stopping(maxMs: number): void {
    this.#mustArrive({ STOPPING: '1', EXTEND_TIMEOUT_USEC: usec(maxMs), STATUS: 'stopping' });
  }

  status(status: string): void {
    this.#mayGetLost({ STATUS: status });
  }

  /** Work goes on. @param status when it is another than before */
  alive(status: string | undefined): void {
    this.#mayGetLost({ WATCHDOG: '1', ...(status === undefined ? {} : { STATUS: status }) });
  }

  close(): void {
    this.#retry?.cancel();
    this.#flush();
    this.#socket?.close();
    this.#socket = undefined;
  }

  #mustArrive(fields: Readonly<Record<string, string>>): void {
    if (this.#socket === undefined) return;
    this.#waiting.push(message(fields));
    this.#waiting = this.#waiting.slice(-MAX_WAITING);
    this.#flush();
  }

  /** What comes again in a while anyway. */
  #mayGetLost(fields: Readonly<Record<string, string>>): void {
    this.#flush();
    if (this.#waiting.length === 0) this.#send(message(fields));
  }

  #flush(): void {
    while (this.#waiting.length > 0) {
      if (!this.#send(this.#waiting[0]!)) {
        this.#retry?.cancel();
        this.#retry = this.#clock.after(RETRY_MS, () => this.#flush());
        return;
      }
      this.#waiting.shift();
    }
  }

  /** @returns false when the same should be tried again */
  #send(text: string): boolean {
    const outcome = this.#socket?.send(text);
    if (outcome?.kind === 'failed') this.#failed(outcome.reason);
    return outcome?.kind !== 'busy';
  }

  #failed(reason: string): void {
    if (this.#hasFailed) return;
    this.#hasFailed = true;
    this.#log.warn({ address: this.#terms?.address, reason }, 'the service manager cannot be told anything');
  }
}

/** One `NAME=value` a line; a value has no line break of its own. */
function message(fields: Readonly<Record<string, string>>): string {
  return Object.entries(fields)
    .map(([name, value]) => `${name}=${value.replace(/\s+/g, ' ')}`)
    .join('\n');
}

function usec(ms: number): string {
  return String(Math.round(ms * 1000));
}
