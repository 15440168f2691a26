import type { Timer } from '../base/clock.ts';
import { withDeadline } from '../base/deadline.ts';
import { explain, messageOf, OcellusError } from '../base/errors.ts';
import type { Logger } from '../base/log.ts';
import type { Service } from '../base/service.ts';
import type { StorageConfig } from '../config/schema.ts';
import type { DomainEvent, EventDraft } from '../flow/domain-event.ts';
import type { OutboxStatus } from '../flow/outbox-source.ts';
import { Acknowledgements } from './acknowledgements.ts';
import { AgeClock } from './age-clock.ts';
import { DiskFault } from './disk-fault.ts';
import { StoredEvents } from './event-history.ts';
import { toRow } from './event-row.ts';
import type { EventStoreParts, StoreStatus } from './event-store-parts.ts';
import { limitsOf } from './limits.ts';
import type { EventRow, OutboxCount } from './messages.ts';
import { asObject, asOccupancy, orphanEnds, type StoredObject } from './orphans.ts';
import { Outbox, type WaitingEvent } from './outbox.ts';
import { OutboxTally } from './outbox-tally.ts';
import { StoreThread } from './store-thread.ts';
import { StoredSettings } from './stored-settings.ts';
import { Tidying } from './tidying.ts';

export type { EventStoreParts, StoreStatus } from './event-store-parts.ts';

/** Events of one transaction: after an outage of the disk, more than that wait. */
const COMMIT_EVENTS = 500;
/** Events held in memory while the disk takes none. */
const UNSAVED_EVENTS = 10_000;
const RETRY_MS = 2_000;

/**
 * The events of a device on disk. Drafts that come while a commit is on its way share the next one: their numbers are
 * given then, and only what is on disk is offered to the broker. When the disk takes nothing, events are told all the
 * same, kept in memory with their numbers, and stored when it does again.
 */
export class EventStore implements Service {
  readonly name = 'store';
  /** Where the broker's publisher gets events from. */
  readonly outbox: Outbox;
  readonly history: StoredEvents;
  /** What was set while running, in earlier runs and in this one. */
  readonly settings = new StoredSettings();
  #parts: EventStoreParts;
  readonly #log: Logger;
  #thread: StoreThread | undefined;
  #age: AgeClock | undefined;
  /** False while the disk has taken nothing since the start, not even the opening of the database. */
  #isOpen = false;
  #seq = 0;
  #lastEventId: string | null = null;
  #drafts: EventDraft[] = [];
  /** Numbered and not on disk, oldest first. */
  #unsaved: EventRow[] = [];
  /** Numbered and not told. */
  #untold: DomainEvent[] = [];
  readonly #acked: Acknowledgements;
  readonly #tally: OutboxTally;
  #committing: Promise<void> | undefined;
  readonly #fault: DiskFault;
  #lost = 0;
  readonly #tidying: Tidying;
  #retryTimer: Timer | undefined;
  #closing: Promise<void> | undefined;

  constructor(parts: EventStoreParts) {
    this.#parts = parts;
    this.#log = parts.log;
    this.#fault = new DiskFault(parts.log);
    this.#tally = new OutboxTally(parts.log);
    this.#acked = new Acknowledgements(parts.clock, () => this.#commitSoon());
    this.outbox = new Outbox({
      read: (afterSeq, upToSeq, limit) => this.#read(afterSeq, upToSeq, limit),
      acknowledged: (seq) => this.#acked.add(seq),
      isAcknowledged: (seq) => this.#acked.has(seq),
      status: () => this.#outboxStatus(),
    });
    const unsaved = () => this.#unsaved;
    this.history = new StoredEvents({ thread: () => this.#ask(), unsaved, clock: parts.clock });
    this.#tidying = new Tidying(parts.clock, parts.log, (outbox) => this.#tally.counted(outbox));
  }

  /** @throws OcellusError `store_failed`, `store_locked` */
  async start(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    this.#thread = new StoreThread();
    await this.#open(this.#thread);
  }

  /** @throws OcellusError `store_failed`, `store_locked`; a disk that takes nothing now is only noted */
  async #open(thread: StoreThread): Promise<void> {
    const { config, clock } = this.#parts;
    const limits = limitsOf(this.#parts);
    const opened = await thread.ask({ type: 'open', folder: config.path, limits, wallMs: clock.wallMs() });
    for (const warning of opened.warnings) this.#log.warn({ path: config.path }, warning);
    this.#seq = Math.max(this.#seq, opened.seq);
    this.outbox.offer([], this.#seq);
    this.#age = new AgeClock(clock, opened.stamp);
    this.#isOpen = opened.unwritable === null;
    if (opened.unwritable !== null) return this.#fault.found(opened.unwritable);
    this.#lastEventId = opened.eventId;
    this.#tally.opened(opened.outbox);
    this.settings.opened(thread, opened.settings);
    this.history.opened(opened.seq);
    this.#tidying.start(thread, this.#age);
    const { waiting } = opened.outbox;
    this.#log.info({ path: config.path, seq: opened.seq, waiting }, 'store opened');
  }

  /** `eventId` of the newest event of an earlier run; null when there is none. Known once started. */
  get lastEventId(): string | null {
    return this.#lastEventId;
  }

  get status(): StoreStatus {
    const { reason } = this.#fault;
    return { ok: reason === null, error: reason, unsaved: this.#unsaved.length, lost: this.#lost };
  }

  /** Takes an event. Returns at once; it is told as soon as it is on disk. */
  put(draft: EventDraft): void {
    this.#drafts.push(draft);
    this.#commitSoon();
  }

  /**
   * Keeps as much as this allows from now on; `path` stays. @param outbox whether there is a broker
   * @throws OcellusError `store_failed` when the disk takes nothing now; it goes by the new limits all the same
   */
  async limit(config: StorageConfig, outbox: boolean): Promise<void> {
    this.#parts = { ...this.#parts, config: { ...config, path: this.#parts.config.path }, outbox };
    if (!this.#isOpen) return;
    const limits = limitsOf(this.#parts);
    this.#tally.counted((await this.#ask().ask({ type: 'limit', limits })).outbox);
  }

  /** Objects that an earlier run started and did not end, by their last event. */
  async orphans(): Promise<StoredObject[]> {
    if (!this.#isOpen) return [];
    const { objects } = await this.#ask().ask({ type: 'live' });
    return objects.map(asObject);
  }

  /**
   * Ends what an earlier run left open: objects with `cause: restarted`, after `zone.left` for their zones, and zones that
   * were too full. To be called before the cameras start.
   * @param keepObjectIds objects that somebody takes over, and will end
   */
  async endOrphans(keepObjectIds: ReadonlySet<string> = new Set()): Promise<void> {
    if (!this.#isOpen) return;
    const { objects, occupancies } = await this.#ask().ask({ type: 'live' });
    const orphans = objects.map(asObject).filter(({ objectId }) => !keepObjectIds.has(objectId));
    for (const draft of orphanEnds(orphans, occupancies.map(asOccupancy))) this.put(draft);
    if (orphans.length > 0) {
      this.#log.info({ objects: orphans.length }, 'ended objects of a run that did not end in order');
    }
  }

  /** Stores what is on its way and lets the disk go. */
  close(deadlineMs: number): Promise<void> {
    this.#closing ??= this.#close(deadlineMs);
    return this.#closing;
  }

  async #close(deadlineMs: number): Promise<void> {
    const thread = this.#thread;
    this.#tidying.stop();
    this.#acked.stop();
    this.#retryTimer?.cancel();
    if (thread === undefined) return;
    if (this.#age !== undefined)
      await withDeadline(this.#drain(), deadlineMs, 'storing events', this.#parts.clock);
    if (this.#unsaved.length > 0) {
      this.#log.error({ events: this.#unsaved.length }, 'events were not stored: the disk takes none');
    }
    await thread.ask({ type: 'close' }).catch((error: unknown) => {
      this.#log.warn({ error: messageOf(error) }, 'the store did not close in order');
    });
    await thread.exited();
  }

  async #drain(): Promise<void> {
    await this.#committing;
    // Twice: events that came during the first commit. A disk that takes nothing will not start to now.
    for (let i = 0; i < 2 || (this.#fault.reason === null && this.#hasWork); i++) await this.#commitAll();
  }

  get #hasWork(): boolean {
    return this.#drafts.length > 0 || this.#unsaved.length > 0 || this.#acked.size > 0;
  }

  #ask(): StoreThread {
    if (this.#thread === undefined) throw new Error('the store is not started');
    return this.#thread;
  }

  #commitSoon(): void {
    if (this.#committing !== undefined || this.#age === undefined) return;
    // After this turn of the event loop, so that everything that one frame brought shares a commit.
    this.#committing = new Promise<void>((resolve) => setImmediate(resolve))
      .then(() => this.#commitAll())
      .finally(() => {
        this.#committing = undefined;
        const isOwed = this.#unsaved.length > 0 || this.#acked.areMany;
        if (this.#drafts.length > 0 || (this.#fault.reason === null && isOwed)) this.#commitSoon();
      });
  }

  /** One commit of everything that waits for one, as far as it fits. */
  async #commitAll(): Promise<void> {
    this.#number();
    const rows = this.#unsaved.slice(0, COMMIT_EVENTS);
    const acked = this.#acked.all;
    if (rows.length === 0 && acked.length === 0) return;
    const stamp = this.#age?.now() ?? { ageMs: 0, wallMs: 0 };
    try {
      if (!this.#isOpen) await this.#openLate();
      if (!this.#isOpen)
        throw new OcellusError('store_failed', this.#fault.reason ?? 'the store is not open');
      const { outbox } = await this.#ask().ask({ type: 'commit', rows, acked, stamp });
      this.#saved(rows, acked, outbox);
    } catch (error) {
      await this.#refused(error);
    }
  }

  /** Nobody could take over what an earlier run left, so all of it has ended. */
  async #openLate(): Promise<void> {
    await this.#open(this.#ask());
    await this.endOrphans();
  }

  #number(): void {
    for (const draft of this.#drafts.splice(0)) {
      this.#seq += 1;
      const event = this.#parts.seal(draft, this.#seq);
      this.#unsaved.push(toRow(event));
      this.#untold.push(event);
    }
  }

  #saved(rows: readonly EventRow[], acked: readonly number[], outbox: OutboxCount): void {
    this.#tally.counted(outbox);
    this.#unsaved.splice(0, rows.length);
    this.#acked.remove(acked);
    this.#fault.mended();
    this.#tell(rows.at(-1)?.seq ?? 0);
  }

  /** The disk did not take it: what has happened is told all the same, and the numbers given are noted where they can be. */
  async #refused(error: unknown): Promise<void> {
    this.#fault.found(explain(error));
    const excess = this.#unsaved.length - UNSAVED_EVENTS;
    this.#acked.remove(this.#unsaved.splice(0, Math.max(0, excess)).map(({ seq }) => seq));
    this.#lost += Math.max(0, excess);
    await this.#ask()
      .ask({ type: 'note', seq: this.#seq })
      .catch(() => {});
    this.#tell(this.#seq);
    this.#retryTimer?.cancel();
    this.#retryTimer = this.#parts.clock.after(RETRY_MS, () => this.#commitSoon());
  }

  /** Lets everybody know of the events up to `seq`. */
  #tell(seq: number): void {
    const count = this.#untold.findIndex((event) => event.seq > seq);
    const told = this.#untold.splice(0, count < 0 ? this.#untold.length : count);
    if (told.length === 0) return;
    if (this.#parts.outbox) this.outbox.offer(told.map(toRow), told.at(-1)!.seq);
    for (const event of told) {
      this.history.told(event);
      this.#parts.onEvent(event);
    }
  }

  async #read(afterSeq: number, upToSeq: number, limit: number): Promise<readonly WaitingEvent[]> {
    const { rows } = await this.#ask().ask({ type: 'page', afterSeq, upToSeq, limit });
    const inMemory = this.#unsaved.filter(({ seq }) => seq > afterSeq && seq <= upToSeq);
    // What the disk did not take comes after all that it has.
    return rows.length < limit ? [...rows, ...inMemory] : rows;
  }

  #outboxStatus(): OutboxStatus {
    const inMemory = this.#parts.outbox ? this.#unsaved.length + this.#drafts.length : 0;
    return this.#tally.status(inMemory, this.#acked.size, this.#unsaved[0]?.atMs);
  }
}
