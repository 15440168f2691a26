import { type ScheduleConfig, WEEKDAYS } from '../config/camera-schema.ts';

type Weekday = (typeof WEEKDAYS)[number];

/**
 * Whether the clock on the wall of a time zone is within a span. It is asked for what the clock shows, so a change to
 * daylight saving time needs no rule of its own: times that the clock skips never come, and those that it shows twice count
 * twice. A span over midnight belongs to the day on which it begins.
 */
export class Schedule {
  readonly #days: ReadonlySet<Weekday>;
  readonly #fromMinute: number;
  readonly #toMinute: number;
  readonly #clock: Intl.DateTimeFormat;
  #asked: { readonly minute: number; readonly open: boolean } | undefined;

  /** @throws RangeError when the runtime does not know the time zone */
  constructor({ timeZone, days, from, to }: ScheduleConfig) {
    this.#days = new Set(days);
    this.#fromMinute = minuteOf(from);
    this.#toMinute = minuteOf(to);
    this.#clock = new Intl.DateTimeFormat('en-US', {
      timeZone,
      hourCycle: 'h23',
      weekday: 'short',
      hour: '2-digit',
      minute: '2-digit',
    });
  }

  /** @param atMs ms since the epoch */
  isOpen(atMs: number): boolean {
    // Clocks of all zones turn over with the minute, and formatting a time is slow against a frame's other work.
    const minute = Math.floor(atMs / 60_000);
    if (this.#asked?.minute !== minute) this.#asked = { minute, open: this.#shows(minute * 60_000) };
    return this.#asked.open;
  }

  #shows(atMs: number): boolean {
    const parts = new Map(this.#clock.formatToParts(atMs).map(({ type, value }) => [type, value]));
    const minute = Number(parts.get('hour')) * 60 + Number(parts.get('minute'));
    const today = WEEKDAYS.indexOf(parts.get('weekday')?.toLowerCase() as Weekday);
    const begins = (offset: number) => this.#days.has(WEEKDAYS[(today + offset + 7) % 7]!);
    if (this.#toMinute > this.#fromMinute) {
      return begins(0) && minute >= this.#fromMinute && minute < this.#toMinute;
    }
    return (begins(0) && minute >= this.#fromMinute) || (begins(-1) && minute < this.#toMinute);
  }
}

function minuteOf(clockTime: string): number {
  const [hours, minutes] = clockTime.split(':');
  return Number(hours) * 60 + Number(minutes);
}
