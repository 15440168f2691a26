import type { Clock, Timer } from '../base/clock.ts';
import type { Logger } from '../base/log.ts';
import type { Service } from '../base/service.ts';
import { type Duty, ProgressWatch, type StuckPart } from '../device/progress-watch.ts';
import { ServiceManager, type ServiceManagerTerms } from '../device/service-manager.ts';
import { threadStates } from '../device/thread-states.ts';
import type { MqttPublisher } from '../mqtt/publisher.ts';
import type { PreviewServer } from '../preview/server/preview-server.ts';
import type { EventStore } from '../store/event-store.ts';
import type { CameraPipeline } from './camera-pipeline.ts';
import type { ModelRuntime } from './model-runtime.ts';
import { cameraDuties, modelDuties, storeDuties } from './progress.ts';
import { statusLine, stuckLine } from './status-line.ts';

export interface SupervisionParts {
  /** Of the service manager that started this process; undefined without one. */
  readonly serviceManager?: ServiceManagerTerms;
  readonly cameras: ReadonlyMap<string, CameraPipeline>;
  /** Those in force; a reload may replace them. */
  readonly models: () => ReadonlyMap<string, ModelRuntime>;
  readonly store: EventStore;
  readonly mqtt: () => MqttPublisher | undefined;
  readonly page: () => PreviewServer;
  readonly clock: Clock;
  readonly log: Logger;
}

/** How often progress is looked at, unless the watchdog wants to hear more often. */
const LOOK_MS = 5_000;
/** Four looks a watchdog's period: one or two that come late do no harm. */
const LOOKS_PER_PERIOD = 4;
/** What each look while starting asks the manager to wait, in looks. */
const START_GRACE_LOOKS = 6;
/** A start may take so long without one more model becoming ready: TensorRT builds an engine in 10 minutes on a small device. */
const START_PATIENCE_MS = 20 * 60_000;
/** Closing has a deadline for each part; in order it takes a second. */
const STOP_MS = 25_000;

/**
 * Watches whether the program gets on, and tells the service manager: that it is starting, ready, alive as long as no part is
 * stuck, reloading and stopping. The first service to start and the last to close; `readiness` is the last to start.
 */
export class Supervision implements Service {
  readonly name = 'supervision';
  /** Started when everything else is, closed before everything else. */
  readonly readiness: Service = {
    name: 'readiness',
    start: async () => this.#ready(),
    close: async () => this.#stopping(),
  };
  readonly #parts: SupervisionParts;
  readonly #manager: ServiceManager;
  readonly #lookMs: number;
  readonly #watch: ProgressWatch;
  #phase: 'starting' | 'running' | 'stopping' = 'starting';
  #timer: Timer | undefined;
  #reloads = 0;
  /** When the first of those that go on began. */
  #reloadMonoMs = 0;
  #stuck: readonly StuckPart[] = [];
  #status = '';
  #counted = { results: 0, monoMs: 0 };
  #inferencesPerS = 0;

  constructor(parts: SupervisionParts) {
    const { serviceManager, clock, log } = parts;
    this.#parts = parts;
    this.#manager = new ServiceManager(serviceManager, clock, log);
    const period = serviceManager?.watchdogMs ?? Number.POSITIVE_INFINITY;
    this.#lookMs = Math.min(LOOK_MS, period / LOOKS_PER_PERIOD);
    this.#watch = new ProgressWatch(2 * this.#lookMs);
  }

  /** What should get on and does not; a restart helps, and comes from the service manager that is told nothing more. */
  get stuck(): readonly StuckPart[] {
    return this.#stuck;
  }

  async start(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    await this.#manager.open();
    this.#look();
  }

  async close(): Promise<void> {
    this.#timer?.cancel();
    this.#manager.close();
  }

  /** Does `work`, during which the service manager sees the service as reloading; until the last ends, where several overlap. */
  async reloading<T>(work: () => Promise<T>): Promise<T> {
    this.#reloads += 1;
    if (this.#reloads === 1) this.#reloadMonoMs = this.#parts.clock.monoMs();
    if (this.#phase === 'running' && this.#reloads === 1) this.#manager.reloading();
    try {
      return await work();
    } finally {
      this.#reloads -= 1;
      if (this.#phase === 'running' && this.#reloads === 0) this.#manager.ready(this.#statusNow());
    }
  }

  #ready(): void {
    this.#phase = 'running';
    this.#countResults();
    this.#manager.ready(this.#statusNow());
    this.#look();
  }

  #stopping(): void {
    this.#phase = 'stopping';
    this.#timer?.cancel();
    this.#manager.stopping(STOP_MS);
  }

  #look(): void {
    this.#timer?.cancel();
    if (this.#phase === 'starting') this.#lookAtStart();
    else this.#lookAtWork();
    this.#timer = this.#parts.clock.after(this.#lookMs, () => this.#look());
  }

  /** A start that goes on is given time; one that does not is ended by the manager. */
  #lookAtStart(): void {
    const models = this.#parts.models();
    const ready = [...models].filter(([, runtime]) => runtime.inUse().healthySessions > 0);
    const start: Duty = {
      part: 'start',
      awaits: 'the next model',
      isOwed: true,
      done: ready.length,
      patienceMs: START_PATIENCE_MS,
    };
    if (this.#noticed(this.#watch.look(this.#parts.clock.monoMs(), [start]))) return;
    const status = `starting: ${ready.length} of ${models.size} models ready`;
    this.#manager.stillStarting(START_GRACE_LOOKS * this.#lookMs, status);
  }

  #lookAtWork(): void {
    this.#countResults();
    const isStuck = this.#noticed(this.#watch.look(this.#parts.clock.monoMs(), this.#duties()));
    const before = this.#status;
    const status = this.#statusNow();
    if (isStuck) this.#manager.status(status);
    else this.#manager.alive(status === before || this.#reloads > 0 ? undefined : status);
    // A reload may open models, for which systemd has as much patience as for a start: TimeoutStartSec.
    const reloadingMs = this.#parts.clock.monoMs() - this.#reloadMonoMs;
    if (!isStuck && this.#reloads > 0 && reloadingMs < START_PATIENCE_MS) {
      this.#manager.stillStarting(START_GRACE_LOOKS * this.#lookMs, 'reloading');
    }
  }

  #duties(): Duty[] {
    const { cameras, models, store } = this.#parts;
    return [
      ...[...cameras].flatMap(([id, camera]) => cameraDuties(id, camera)),
      ...[...models()].flatMap(([name, { scheduler, runTimeoutMs }]) =>
        modelDuties(name, scheduler.progress(), runTimeoutMs),
      ),
      ...storeDuties(store.history.progress),
    ];
  }

  /** @returns whether something is stuck now */
  #noticed(stuck: readonly StuckPart[]): boolean {
    const { log } = this.#parts;
    const known = new Set(this.#stuck.map(({ part, awaits }) => part + awaits));
    const more = stuck.filter(({ part, awaits }) => !known.has(part + awaits));
    if (more.length > 0) {
      log.error(
        { stuck: stuckLine(stuck), watchdogMs: this.#manager.watchdogMs ?? null, ...threadStates() },
        'the program does not get on: the watchdog is fed no more',
      );
    } else if (stuck.length === 0 && this.#stuck.length > 0) {
      log.warn({ wasStuck: stuckLine(this.#stuck) }, 'the program gets on again: the watchdog is fed');
    }
    this.#stuck = stuck;
    return stuck.length > 0;
  }

  #statusNow(): string {
    const { cameras, models, store, page } = this.#parts;
    const mqtt = this.#parts.mqtt();
    this.#status = statusLine({
      cameras: new Map([...cameras].map(([id, { state }]) => [id, state])),
      inferencesPerS: this.#inferencesPerS,
      providers: [...models().values()].map((runtime) => runtime.inUse().provider),
      isServed: page().url !== undefined,
      waitingForBroker: mqtt === undefined || mqtt.status.connected ? null : mqtt.status.queued,
      storeError: store.status.error,
      stuck: this.#stuck,
    });
    return this.#status;
  }

  #countResults(): void {
    const { models, clock } = this.#parts;
    const monoMs = clock.monoMs();
    const results = [...models().values()].reduce(
      (sum, { scheduler }) => sum + scheduler.progress().results,
      0,
    );
    const spanMs = monoMs - this.#counted.monoMs;
    if (spanMs > 0) this.#inferencesPerS = (1000 * Math.max(0, results - this.#counted.results)) / spanMs;
    this.#counted = { results, monoMs };
  }
}
