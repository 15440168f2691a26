import type { Clock } from '../base/clock.ts';
import { explain, messageOf } from '../base/errors.ts';
import type { Logger } from '../base/log.ts';
import type { Service } from '../base/service.ts';
import type { CameraState } from '../flow/camera-state.ts';
import type { DomainEvent } from '../flow/domain-event.ts';
import type { SizePx } from '../flow/geometry.ts';
import type { OutboxSource } from '../flow/outbox-source.ts';
import { BrokerKeeper } from './broker-keeper.ts';
import type { BrokerLink, Message } from './broker-link.ts';
import { CommandDesk } from './command-desk.ts';
import { type CommandHandler, type CommandOutcome, outcomePayload } from './commands.ts';
import type { Companions } from './companion.ts';
import { companionsOf } from './companions.ts';
import { type Counts, CountTopics } from './counts.ts';
import { DeviceStatus } from './device-status.ts';
import { Leftovers, type LeftoversParts } from './leftovers.ts';
import { Retained } from './retained.ts';
import { Sender } from './sender.ts';
import { listen } from './subscriptions.ts';
import { type CommandName, Topics } from './topics.ts';

/** How long `start` waits for the first attempt. The daemon runs without a broker, but most often it is there at once. */
const FIRST_WAIT_MS = 2_000;
/** Part of the deadline of `close` that is kept for the farewell. */
const FAREWELL_SHARE = 0.3;
const DRAIN_POLL_MS = 10;
const LEFTOVERS_REFUSED = 'the MQTT broker refuses subscriptions: what earlier runs left is not cleared';

export interface MqttPublisherOptions extends LeftoversParts {
  /** Where events come from, and are acknowledged to. */
  readonly outbox: OutboxSource;
  /** Carries out commands. */
  readonly onCommand: CommandHandler;
  readonly clock: Clock;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly log: Logger;
}

export interface MqttStatus {
  readonly connected: boolean;
  /** Events that the broker does not have yet. */
  readonly queued: number;
  /** Events lost since the store was made: they waited for too long, or were too many; and those the broker refused. */
  readonly dropped: number;
  /** Why there is no connection, with what to try; null while there is one. */
  readonly lastError: string | null;
}

/**
 * Keeps the broker informed. What is retained is made true again at every connection; events come from the outbox, which
 * hears of each that the broker has acknowledged. Calls return at once and never throw, whether the broker is there or not.
 */
export class MqttPublisher implements Service {
  readonly name = 'mqtt';
  readonly #options: MqttPublisherOptions;
  readonly #log: Logger;
  readonly #topics: Topics;
  readonly #counts: CountTopics;
  readonly #outbox: OutboxSource;
  readonly #retained = new Retained();
  readonly #desk: CommandDesk;
  readonly #keeper: BrokerKeeper;
  readonly #companions: Companions;
  readonly #status: DeviceStatus;
  readonly #leftovers: Leftovers;
  readonly #sender: Sender;
  #closing: Promise<void> | undefined;

  constructor(options: MqttPublisherOptions) {
    const { config, deviceId, cameras, outbox, onCommand, clock, random, log } = options;
    this.#options = options;
    this.#log = log;
    this.#topics = new Topics(deviceId);
    this.#counts = new CountTopics(this.#topics);
    this.#outbox = outbox;
    this.#status = new DeviceStatus({
      events: () => ({ ...this.status, oldestAtMs: outbox.status.oldestAtMs }),
      publish: (suffix, payload) => this.publishRetained(suffix, payload),
      clock,
    });
    this.#leftovers = new Leftovers(options, this.#topics, (topic, payload) => this.#retain(topic, payload));
    this.#desk = new CommandDesk({
      topics: this.#topics,
      cameras,
      handler: onCommand,
      log,
      outcome: (cameraId, command, outcome) => this.commandOutcome(cameraId, command, outcome),
      failure: (topic, payload) => this.#sender.once(topic, payload),
    });
    this.#keeper = new BrokerKeeper({
      config,
      deviceId,
      will: { topic: this.#topics.availability, payload: 'offline' },
      clock,
      random,
      log,
      linked: (link) => this.#linked(link),
      lost: () => this.#lost(),
      received: (message) => this.#received(message),
    });
    this.#sender = new Sender({
      topics: this.#topics,
      retained: this.#retained,
      outbox,
      link: () => this.#keeper.link,
      settled: () => this.#status.outboxChanged(),
      log,
    });
    this.#companions = companionsOf(options, this.#topics, {
      retain: (topic, payload) => this.#keep(topic, payload),
      repeat: (topic) => this.#keep(topic),
      publish: (topic, payload) => this.#keeper.link?.publishUnacknowledged(topic, payload),
      command: (cameraId, command, message) =>
        this.#desk.take({ ...message, topic: this.#topics.command(cameraId, command) }),
    });
  }

  /** Resolves after the first attempt, or after a moment: the daemon must not depend on the broker. */
  async start(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    this.#retained.set(this.#topics.availability, 'online');
    this.#outbox.listen(() => this.#sender.pump());
    this.#leftovers.start();
    this.#companions.start();
    await this.#keeper.start(FIRST_WAIT_MS);
  }

  get status(): MqttStatus {
    const { link, lastError } = this.#keeper;
    return {
      connected: link !== undefined,
      queued: this.#outbox.status.queued,
      dropped: this.#outbox.status.dropped + this.#sender.refused,
      lastError: lastError === undefined ? null : explain(lastError),
    };
  }

  /** Lets the companions hear of an event; the event itself comes from the outbox. */
  told(event: DomainEvent): void {
    this.#companions.event(event);
  }

  /** Payload of `state`; what became of events on their way to the broker is added to it as `mqtt`, and is `outbox` too. */
  deviceState(state: Record<string, unknown>): void {
    this.#status.report(state);
  }

  cameraState(cameraId: string, state: CameraState): void {
    this.#retain(this.#topics.cameraState(cameraId), JSON.stringify(state));
  }

  counts(cameraId: string, counts: Counts): void {
    for (const [topic, payload] of this.#counts.of(cameraId, counts)) this.#retain(topic, payload);
  }

  bestView(cameraId: string, label: string, { picture, crop }: { picture: Buffer; crop: Buffer }): void {
    this.#retain(this.#topics.snapshot(cameraId, label), picture);
    this.#retain(this.#topics.crop(cameraId, label), crop);
  }

  motion(cameraId: string, moving: boolean): void {
    this.#retain(this.#topics.motion(cameraId), moving ? 'ON' : 'OFF');
  }

  /** What is in force of a command's subject: after a command, and at start. Values are retained, `snapshot`'s are not. */
  commandOutcome(cameraId: string, command: CommandName, outcome: CommandOutcome): void {
    const topic = this.#topics.outcome(cameraId, command);
    if (command === 'snapshot') this.#sender.once(topic, outcomePayload(outcome));
    else this.#retain(topic, outcomePayload(outcome));
  }

  /** Size of the camera's pictures, px: some companions state boxes in pixels. */
  pictureSize(cameraId: string, { widthPx, heightPx }: SizePx): void {
    this.#companions.pictureSize(cameraId, widthPx, heightPx);
  }

  /** Whether tracks are asked for. */
  get publishesTracks(): boolean {
    return this.#options.config.tracks;
  }

  /** Publishes the tracks of a frame, if that is asked for and the connection keeps up. */
  publishTracks(cameraId: string, tracks: unknown): void {
    if (!this.publishesTracks) return;
    this.#keeper.link?.publishUnacknowledged(this.#topics.tracks(cameraId), JSON.stringify(tracks));
  }

  /** Sets any retained topic. @param suffix below `ocellus/<device>/`. An empty payload clears it. */
  publishRetained(suffix: string, payload: string | Buffer): void {
    this.#retain(`${this.#topics.root}/${suffix}`, payload);
  }

  /** What is retained of the device's own topics, for the publisher that takes over. */
  get retained(): readonly (readonly [topic: string, value: string | Buffer])[] {
    return this.#retained.under(`${this.#topics.root}/`);
  }

  /** Takes over what another publisher of this device had retained, but for its presence. To be called before the start. */
  takeOver(retained: MqttPublisher['retained']): void {
    for (const [topic, value] of retained)
      if (topic !== this.#topics.availability) this.#retain(topic, value);
  }

  /** `cameras` has changed: what is retained of cameras, zones and labels that are gone is cleared. */
  camerasChanged(): void {
    const { cameras } = this.#options;
    this.#companions.camerasChanged();
    for (const [topic] of this.retained) {
      const cameraId = this.#topics.parseRetained(topic)?.cameraId;
      if (cameraId !== undefined && !Object.hasOwn(cameras, cameraId)) this.#retain(topic, '');
    }
    const { link } = this.#keeper;
    // What an earlier run left of them is not known here.
    if (link !== undefined) void listen(link, [], this.#leftovers.filters, LEFTOVERS_REFUSED, this.#options);
  }

  /** Hands over what it can, says `offline` and disconnects, all within `deadlineMs`. */
  close(deadlineMs: number): Promise<void> {
    this.#closing ??= this.#close(deadlineMs);
    return this.#closing;
  }

  async #close(deadlineMs: number): Promise<void> {
    const { clock } = this.#options;
    this.#status.close();
    const endMonoMs = clock.monoMs() + deadlineMs;
    const drainedByMonoMs = endMonoMs - deadlineMs * FAREWELL_SHARE;
    while (this.#keeper.link !== undefined && !this.#isDrained && clock.monoMs() < drainedByMonoMs) {
      await clock.sleep(DRAIN_POLL_MS);
    }
    const link = this.#keeper.link;
    const companionsClosed = this.#companions.close(Math.max(0, endMonoMs - clock.monoMs()));
    this.#keeper.retire();
    if (link !== undefined) {
      // Not awaited on its own: DISCONNECT follows on the same connection, and `end` waits for the acknowledgement.
      link.publish(this.#topics.availability, 'offline', true).catch((error: unknown) => {
        this.#log.warn({ error: messageOf(error) }, 'could not say offline');
      });
      await link.end(Math.max(0, endMonoMs - clock.monoMs()));
    }
    await Promise.all([this.#keeper.stop(), companionsClosed]);
    const { queued } = this.#outbox.status;
    if (queued > 0) this.#log.info({ events: queued }, 'events wait on disk for the MQTT broker');
  }

  get #isDrained(): boolean {
    return this.#outbox.status.queued === 0 && this.#retained.isSettled && this.#sender.isIdle;
  }

  #linked(link: BrokerLink): void {
    this.#sender.linked();
    this.#status.repeat();
    const refused = 'the MQTT broker refuses subscriptions: no commands';
    void listen(link, [this.#topics.commands], this.#leftovers.filters, refused, this.#options);
    this.#companions.linked(link);
    this.#retained.republish(this.#topics.availability);
    this.#outbox.connected();
    this.#sender.pump();
  }

  #lost(): void {
    this.#outbox.interrupted();
  }

  #received(message: Message): void {
    this.#leftovers.hear(message);
    if (this.#desk.take(message) || this.#companions.received(message)) return;
    if (!this.#retained.has(message.topic)) this.#leftovers.correct(message);
  }

  #retain(topic: string, payload: string | Buffer): void {
    this.#companions.retained(topic, payload);
    this.#keep(topic, payload);
  }

  /** Sets a retained topic, or without a value publishes it again. */
  #keep(topic: string, payload?: string | Buffer): void {
    if (payload === undefined) this.#retained.repeat(topic);
    else this.#retained.set(topic, payload);
    this.#sender.pump();
  }
}
