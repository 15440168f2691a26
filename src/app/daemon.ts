import { randomBytes } from 'node:crypto';
import { join, resolve } from 'node:path';
import type { Clock } from '../base/clock.ts';
import type { Logger, LogLevel } from '../base/log.ts';
import { ServiceStack } from '../base/service.ts';
import { version } from '../base/version.ts';
import type { LoadedConfig } from '../config/load.ts';
import { HostMonitor } from '../device/host/host-monitor.ts';
import type { ServiceManagerTerms } from '../device/service-manager.ts';
import { EventSealer } from '../events/event-sealer.ts';
import { UuidV7 } from '../events/uuid-v7.ts';
import type { DomainEvent } from '../flow/domain-event.ts';
import { PreviewServer } from '../preview/server/preview-server.ts';
import { EventStore } from '../store/event-store.ts';
import { MediaRetention } from '../store/media/media-retention.ts';
import { SceneFiles } from '../store/scene-files.ts';
import { Broker } from './broker.ts';
import { CameraBuilder } from './build-camera.ts';
import { CameraCommands } from './camera-commands.ts';
import { CameraSet } from './camera-set.ts';
import { configEditor } from './config-editor.ts';
import { DeviceNames } from './device-names.ts';
import { deviceReport } from './device-report.ts';
import { EventOutlet } from './event-outlet.ts';
import { GovernorService } from './governor-service.ts';
import type { InForce } from './in-force.ts';
import { mediaLimitsOf } from './media-limits.ts';
import { ModelRuntimes } from './model-runtimes.ts';
import { Preview } from './preview.ts';
import { PreviewDevice } from './preview-device.ts';
import type { ReloadReport } from './reload-report.ts';
import { ReloadSteps } from './reload-steps.ts';
import { Reloader } from './reloader.ts';
import { RememberedScene } from './remembered-scene.ts';
import { Supervision } from './supervision.ts';

/** How often the device's retained state is refreshed without a change. */
const REPORT_INTERVAL_MS = 10_000;
const CLOSE_DEADLINE_MS = 5_000;

export interface DaemonParts extends LoadedConfig {
  readonly clock: Clock;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly log: Logger;
  /** Of the service manager that started this process, such as systemd. */
  readonly serviceManager?: ServiceManagerTerms;
  /** Changes how much is logged, when the configuration does. */
  readonly setLogLevel?: (level: LogLevel) => void;
  /** Hears every event once it is stored. */
  readonly onEvent?: (event: DomainEvent) => void;
  /** Hears where the page is served, such as `http://127.0.0.1:8080`. */
  readonly onServed?: (url: string) => void;
}

/** The one place that composes the program: store, models, broker and cameras, started in this order and closed in reverse. */
export class Daemon {
  readonly #parts: DaemonParts;
  readonly #inForce: InForce;
  readonly #uuids = new UuidV7(randomBytes);
  readonly #models: ModelRuntimes;
  readonly #store: EventStore;
  readonly #scene: RememberedScene;
  readonly #names: DeviceNames;
  readonly #retention: MediaRetention;
  readonly #cameras: CameraSet;
  readonly #broker: Broker;
  readonly #preview: Preview;
  readonly #reloader: Reloader;
  readonly #supervision: Supervision;
  readonly #host: HostMonitor;
  readonly #governor: GovernorService;
  #startedMonoMs = 0;

  /** @throws OcellusError when a model cannot be used as it is, or a camera's source cannot be understood */
  constructor(parts: DaemonParts) {
    this.#parts = parts;
    const { config, secrets, clock, log } = parts;
    this.#inForce = { config, secrets };
    this.#models = new ModelRuntimes(parts);
    this.#store = this.#createStore();
    this.#scene = new RememberedScene(
      new SceneFiles(join(config.storage.path, 'scene'), log),
      config.cameras,
    );
    this.#names = new DeviceNames(this.#store.settings, log);
    const limits = mediaLimitsOf(config.storage);
    this.#retention = new MediaRetention({ folder: this.#folder, ...limits, clock, log });
    const outlet = new EventOutlet({ store: this.#store, mqtt: () => this.#broker.publisher });
    const builder = new CameraBuilder({
      ...parts,
      folder: this.#folder,
      hasRoom: () => this.#retention.hasRoom,
      served: config.http.enabled,
      hasMemory: () => !this.#governor.savesMemory,
      outlet,
      newObjectId: (atMs) => this.#uuids.next(atMs),
      sceneStore: this.#scene,
    });
    this.#cameras = new CameraSet({
      builder,
      restore: (cameraId) => commands.restore(cameraId),
      limitReasons: () => this.#governor.status.reasons,
      clock,
    });
    const commands = new CameraCommands(this.#cameras.pipelines, config.cameras, this.#store.settings, log);
    this.#broker = new Broker({
      ...parts,
      inForce: this.#inForce,
      earlierDeviceIds: () => this.#names.earlier,
      outbox: this.#store.outbox,
      onCommand: (command) => commands.run(command),
    });
    for (const [cameraId, camera] of Object.entries(config.cameras)) {
      this.#cameras.put(this.#cameras.build(cameraId, camera, this.#models.set));
    }
    this.#host = new HostMonitor({ clock });
    this.#governor = new GovernorService({
      config: () => this.#inForce.config.governor,
      cameras: this.#cameras.pipelines,
      models: () => this.#models.set.detectors,
      host: this.#host,
      onChange: () => this.#report(),
      ...{ clock, log },
    });
    this.#preview = new Preview(this.#servers());
    this.#reloader = this.#createReloader();
    this.#supervision = new Supervision({
      ...{ ...parts, store: this.#store, cameras: this.#cameras.pipelines },
      models: () => this.#models.set.detectors,
      mqtt: () => this.#broker.publisher,
      page: () => this.#preview.server,
    });
  }

  /** Runs until `signal` aborts; resolves when everything is closed and every object has its end. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#parts;
    const stack = new ServiceStack(log, clock);
    this.#startedMonoMs = clock.monoMs();
    log.info({ version, cameras: [...this.#cameras.pipelines.keys()] }, 'starting');
    try {
      await this.#startAll(stack, signal);
      if (!signal.aborted) log.info({ tookMs: Math.round(clock.monoMs() - this.#startedMonoMs) }, 'running');
      while (!signal.aborted) {
        this.#report();
        await clock.sleep(REPORT_INTERVAL_MS, signal).catch(() => {});
      }
      log.info({}, 'stopping');
    } finally {
      await stack.close(CLOSE_DEADLINE_MS);
      // One that never began has to be told too.
      await this.#reloader.close();
      log.info({}, 'stopped');
    }
  }

  /**
   * Reads the configuration's file and puts what changed in it into force. A file that is wrong changes nothing. Never rejects.
   * One at a time; while the daemon starts, it waits until that is done.
   */
  reload(): Promise<ReloadReport> {
    return this.#supervision.reloading(() => this.#reloader.reload());
  }

  async #startAll(stack: ServiceStack, signal: AbortSignal): Promise<void> {
    // Only starting is cut short by the signal. What runs is closed in order, so that ends reach the broker.
    const starting = new AbortController();
    const cutShort = () => starting.abort();
    signal.addEventListener('abort', cutShort, { once: true });
    const steps = [
      () => stack.start(this.#supervision, starting.signal),
      () => stack.start(this.#store, starting.signal),
      () => this.#goOn(),
      () => stack.start(this.#host, starting.signal),
      // Early, so that whoever looks sees what is not ready yet, and closed late, so that they see the ends.
      () => this.#preview.start(stack.nested(), starting.signal),
      () => this.#models.start(stack.nested(), starting.signal),
      () => this.#broker.start(stack.nested(), starting.signal),
      () => stack.start(this.#retention, starting.signal),
      () => this.#cameras.start(stack.nested(), starting.signal),
      () => stack.start(this.#governor, starting.signal),
      () => stack.start(this.#reloader, starting.signal),
      () => stack.start(this.#supervision.readiness, starting.signal),
    ];
    try {
      for (const step of steps) {
        if (signal.aborted) return;
        await step();
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      signal.removeEventListener('abort', cutShort);
    }
  }

  /** Takes up where an earlier run left off, before anything new happens. */
  async #goOn(): Promise<void> {
    const { lastEventId } = this.#store;
    if (lastEventId !== null) this.#uuids.follow(lastEventId);
    const open = new Set((await this.#store.orphans()).map(({ objectId }) => objectId));
    await this.#store.endOrphans(this.#scene.takeUp(open));
    await this.#names.note(this.#inForce.config.device.id);
  }

  #report(): void {
    this.#broker.publisher?.deviceState({
      ...deviceReport({
        uptimeMs: this.#parts.clock.monoMs() - this.#startedMonoMs,
        models: this.#models.set,
        cameras: this.#cameras.pipelines,
        store: this.#store.status,
        reload: this.#reloader.last,
        host: this.#host.latest,
        governor: this.#governor.status,
      }),
      recording: { diskFull: !this.#retention.hasRoom },
    });
  }

  #createStore(): EventStore {
    const { config, clock, log, onEvent } = this.#parts;
    const sealer = new EventSealer(config.device.id, clock, this.#uuids);
    return new EventStore({
      config: config.storage,
      outbox: config.mqtt !== undefined,
      seal: (draft, seq) => sealer.seal(draft, seq),
      onEvent: (event) => {
        log.debug({ event }, 'event');
        this.#broker.publisher?.told(event);
        onEvent?.(event);
      },
      clock,
      log,
    });
  }

  /** Makes servers of the page and the API, each for what is in force then. */
  #servers(): () => PreviewServer {
    const { clock, onServed } = this.#parts;
    const device = new PreviewDevice({
      models: () => this.#models.set,
      store: this.#store,
      mqtt: () => this.#broker.publisher,
      governor: this.#governor,
      storagePath: this.#folder,
      diskFull: () => !this.#retention.hasRoom,
      reload: () => this.#reloader.last,
      stuck: () => this.#supervision.stuck,
      host: () => this.#host.latest,
      clock,
    });
    const parts = {
      ...this.#parts,
      cameras: this.#cameras.views,
      events: this.#store.history,
      editor: configEditor(this.#parts, this.#folder, (wanted) => this.#reloader.takeOver(wanted)),
      device: () => device.report(),
      partStates: () => device.partStates(),
      savesMemory: () => this.#governor.savesMemory,
    };
    return () =>
      new PreviewServer({ ...parts, secrets: this.#inForce.secrets }, { ...(onServed && { onServed }) });
  }

  #createReloader(): Reloader {
    const { origin, clock, log, setLogLevel = () => {} } = this.#parts;
    const steps = new ReloadSteps({
      inForce: this.#inForce,
      models: this.#models,
      cameras: this.#cameras,
      broker: this.#broker,
      preview: this.#preview,
      store: this.#store,
      retention: this.#retention,
      setLogLevel,
    });
    return new Reloader({
      inForce: this.#inForce,
      origin,
      steps,
      reported: () => this.#report(),
      clock,
      log,
    });
  }

  get #folder(): string {
    return resolve(this.#parts.baseDir, this.#inForce.config.storage.path);
  }
}
