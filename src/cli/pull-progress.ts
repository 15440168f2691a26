import type { Writable } from 'node:stream';
import type { Clock } from '../base/clock.ts';
import { formatBytes } from './table.ts';

const BAR_CELLS = 24;
const REDRAW_MS = 100;
/** Where there is no terminal to redraw a line, so often a line is written. */
const LINE_MS = 5_000;

/** How far a download has come: a bar on a terminal, a plain line now and then elsewhere, such as in a log. */
export class PullProgress {
  readonly #out: Writable;
  readonly #name: string;
  readonly #clock: Clock;
  readonly #isTerminal: boolean;
  #startedMs: number | undefined;
  #startedBytes = 0;
  #shownMs = Number.NEGATIVE_INFINITY;
  #onLine = false;

  constructor(out: Writable, name: string, clock: Clock) {
    this.#out = out;
    this.#name = name;
    this.#clock = clock;
    this.#isTerminal = 'isTTY' in out && out.isTTY === true;
  }

  /** @param total undefined while it is not known */
  show(bytes: number, total: number | undefined): void {
    const nowMs = this.#clock.monoMs();
    if (this.#startedMs === undefined) {
      this.#startedMs = nowMs;
      this.#startedBytes = bytes;
      if (!this.#isTerminal) this.#shownMs = nowMs;
    }
    const done = bytes === total;
    if (!done && nowMs - this.#shownMs < (this.#isTerminal ? REDRAW_MS : LINE_MS)) return;
    this.#shownMs = nowMs;
    const text = this.#describe(bytes, total, nowMs);
    this.#out.write(this.#isTerminal ? `\r\x1b[K${text}` : `${text}\n`);
    this.#onLine = this.#isTerminal;
  }

  /** Writes a line of its own; the bar comes again with the next bytes. */
  interrupt(line: string): void {
    this.finish();
    this.#out.write(line);
  }

  /** Leaves the bar as it is and starts a new line. Idempotent. */
  finish(): void {
    if (this.#onLine) this.#out.write('\n');
    this.#onLine = false;
  }

  #describe(bytes: number, total: number | undefined, nowMs: number): string {
    const seconds = (nowMs - this.#startedMs!) / 1000;
    const perSecond = seconds > 0 ? (bytes - this.#startedBytes) / seconds : 0;
    const speed = perSecond > 0 ? `  ${formatBytes(Math.round(perSecond))}/s` : '';
    if (total === undefined) return `${this.#name}  ${formatBytes(bytes)}${speed}`;
    const share = total === 0 ? 1 : Math.min(1, bytes / total);
    const left = perSecond > 0 && share < 1 ? `  ${Math.ceil((total - bytes) / perSecond)} s left` : '';
    const amount = `${Math.floor(100 * share)} %  ${formatBytes(bytes)} of ${formatBytes(total)}`;
    const filled = Math.round(share * BAR_CELLS);
    const bar = this.#isTerminal ? `[${'#'.repeat(filled)}${'.'.repeat(BAR_CELLS - filled)}]  ` : '';
    return `${this.#name}  ${bar}${amount}${speed}${left}`;
  }
}
