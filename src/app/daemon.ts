import { randomBytes } from 'node:crypto';
import { join, resolve } from 'node:path';
import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/log.ts';
import { type Service, ServiceStack } from '../base/service.ts';
import { Turns } from '../base/turns.ts';
import { version } from '../base/version.ts';
import { createFrameSource } from '../capture/open-source.ts';
import type { CameraConfig } from '../config/camera-schema.ts';
import type { LoadedConfig } from '../config/load.ts';
import type { StorageConfig } from '../config/schema.ts';
import { HostMonitor } from '../device/host/host-monitor.ts';
import { EventSealer } from '../events/event-sealer.ts';
import { UuidV7 } from '../events/uuid-v7.ts';
import type { DomainEvent } from '../flow/domain-event.ts';
import { i420Bytes } from '../flow/frame.ts';
import { FramePool } from '../flow/frame-pool.ts';
import { MqttPublisher } from '../mqtt/publisher.ts';
import type { PreviewServer } from '../preview/server/preview-server.ts';
import { EventStore } from '../store/event-store.ts';
import { MediaRetention } from '../store/media/media-retention.ts';
import { SceneFiles } from '../store/scene-files.ts';
import { CameraCommands } from './camera-commands.ts';
import { cameraMedia } from './camera-media.ts';
import { CameraPipeline } from './camera-pipeline.ts';
import { DeviceNames } from './device-names.ts';
import { deviceReport } from './device-report.ts';
import { EventOutlet } from './event-outlet.ts';
import { GovernorService } from './governor-service.ts';
import { inSection } from './in-section.ts';
import type { LiveMedia } from './live-media.ts';
import { ModelRuntimes } from './model-runtimes.ts';
import { createPreview } from './preview.ts';
import { RememberedScene } from './remembered-scene.ts';

/** How often the device's retained state is refreshed without a change. */
const REPORT_INTERVAL_MS = 10_000;
const CLOSE_DEADLINE_MS = 5_000;
/** One frame is being written, one waits, one is inferred, one is spare for the moment of handing over. */
const FRAMES_PER_CAMERA = 4;

export interface DaemonParts extends LoadedConfig {
  readonly clock: Clock;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly log: Logger;
  /** Hears every event once it is stored. */
  readonly onEvent?: (event: DomainEvent) => void;
  /** Hears where the page is served, such as `http://127.0.0.1:8080`. */
  readonly onServed?: (url: string) => void;
}

/** The one place that composes the program: store, models, broker and cameras, started in this order and closed in reverse. */
export class Daemon {
  readonly #parts: DaemonParts;
  readonly #models: ModelRuntimes;
  readonly #cameras = new Map<string, CameraPipeline>();
  /** The cameras' own video, of those that show it. */
  readonly #liveMedia = new Map<string, LiveMedia>();
  readonly #uuids = new UuidV7(randomBytes);
  readonly #store: EventStore;
  readonly #scene: RememberedScene;
  readonly #names: DeviceNames;
  readonly #commands: CameraCommands;
  readonly #outlet: EventOutlet;
  readonly #mqtt: MqttPublisher | undefined;
  readonly #retention: MediaRetention;
  readonly #stillTurns = new Turns();
  readonly #host: HostMonitor;
  readonly #governor: GovernorService;
  readonly #preview: PreviewServer;
  #startedMonoMs = 0;

  /** @throws OcellusError when a model cannot be used as it is, or a camera's source cannot be understood */
  constructor(parts: DaemonParts) {
    this.#parts = parts;
    this.#models = new ModelRuntimes(parts);
    const { config, secrets, clock, random, log } = parts;
    const sealer = new EventSealer(config.device.id, clock, this.#uuids);
    this.#store = new EventStore({
      config: config.storage,
      outbox: config.mqtt !== undefined,
      seal: (draft, seq) => sealer.seal(draft, seq),
      onEvent: (event) => {
        log.debug({ event }, 'event');
        this.#mqtt?.told(event);
        parts.onEvent?.(event);
      },
      clock,
      log,
    });
    this.#scene = new RememberedScene(
      new SceneFiles(join(config.storage.path, 'scene'), log),
      config.cameras,
    );
    this.#names = new DeviceNames(this.#store.settings, log);
    this.#commands = new CameraCommands(this.#cameras, config.cameras, this.#store.settings, log);
    this.#mqtt =
      config.mqtt === undefined
        ? undefined
        : new MqttPublisher({
            config: { ...config.mqtt, ...(secrets.mqttPassword && { password: secrets.mqttPassword }) },
            deviceId: config.device.id,
            earlierDeviceIds: () => this.#names.earlier,
            cameras: config.cameras,
            outbox: this.#store.outbox,
            onCommand: (command) => this.#commands.run(command),
            clock,
            random,
            log,
          });
    this.#outlet = new EventOutlet({
      store: this.#store,
      mqtt: this.#mqtt,
      publishTracks: config.mqtt?.tracks ?? false,
    });
    this.#retention = new MediaRetention({ folder: this.#folder, ...limitsOf(config.storage), clock, log });
    this.#host = new HostMonitor({ clock });
    this.#governor = new GovernorService({
      ...{ config: config.governor, cameras: this.#cameras, models: this.#models.detectors, clock, log },
      host: this.#host,
      onChange: () => this.#report(),
    });
    for (const [cameraId, camera] of Object.entries(config.cameras)) {
      this.#cameras.set(cameraId, this.#pipeline(cameraId, camera));
    }
    this.#preview = createPreview(parts, {
      ...{ cameras: this.#cameras, models: this.#models.detectors, classifiers: this.#models.classifiers },
      ...{ liveMedia: this.#liveMedia, store: this.#store, mqtt: this.#mqtt, storagePath: this.#folder },
      governor: this.#governor,
      diskFull: () => this.#retention?.hasRoom === false,
    });
  }

  /** Runs until `signal` aborts; resolves when everything is closed and every object has its end. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#parts;
    const stack = new ServiceStack(log, clock);
    this.#startedMonoMs = clock.monoMs();
    log.info({ version, cameras: [...this.#cameras.keys()] }, 'starting');
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
      log.info({}, 'stopped');
    }
  }

  async #startAll(stack: ServiceStack, signal: AbortSignal): Promise<void> {
    // Only starting is cut short by the signal. What runs is closed in order, so that ends reach the broker.
    const starting = new AbortController();
    const cutShort = () => starting.abort();
    signal.addEventListener('abort', cutShort, { once: true });
    try {
      await stack.start(this.#store, starting.signal);
      await this.#goOn();
      const services: Service[] = [
        // Early, so that whoever looks sees what is not ready yet, and closed late, so that they see the ends.
        this.#preview,
        ...this.#models.services,
        ...(this.#mqtt ? [this.#mqtt] : []),
        this.#retention,
        ...this.#cameras.values(),
        this.#host,
        this.#governor,
      ];
      for (const service of services) {
        if (signal.aborted) return;
        await stack.start(service, starting.signal);
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
    await this.#names.note(this.#parts.config.device.id);
    this.#commands.restore();
  }

  #report(): void {
    this.#mqtt?.deviceState(this.#deviceState());
  }

  #deviceState(): Record<string, unknown> {
    return {
      ...deviceReport({
        uptimeMs: this.#parts.clock.monoMs() - this.#startedMonoMs,
        models: this.#models.detectors,
        classifiers: this.#models.classifiers,
        reid: this.#models.reid,
        cameras: this.#cameras,
        store: this.#store.status,
        governor: this.#governor.status,
      }),
      recording: { diskFull: !this.#retention.hasRoom },
    };
  }

  #pipeline(cameraId: string, camera: CameraConfig): CameraPipeline {
    const { clock, random, log, baseDir } = this.#parts;
    const runtime = this.#models.detectorOf(camera);
    const { input, minScore } = runtime.model;
    const box = {
      widthPx: camera.detect.widthPx ?? input.widthPx,
      heightPx: camera.detect.heightPx ?? input.heightPx,
    };
    const media = cameraMedia(cameraId, camera, {
      folder: this.#folder,
      hasRoom: () => this.#retention.hasRoom,
      hasMemory: () => !this.#governor.savesMemory,
      turns: this.#stillTurns,
      clock,
      log,
    });
    if (media.live) this.#liveMedia.set(cameraId, media.live);
    const source = inSection(`cameras.${cameraId}`, () =>
      createFrameSource({
        cameraId,
        source: camera.source,
        capture: camera.capture,
        detect: { ...box, fps: camera.detect.fps },
        pool: new FramePool(FRAMES_PER_CAMERA, i420Bytes(box.widthPx, box.heightPx)),
        clock,
        baseDir,
        ...(media.sink && { media: media.sink }),
      }),
    );
    return new CameraPipeline({
      cameraId,
      config: camera,
      source,
      scheduler: runtime.scheduler,
      smaller: this.#models.smallerOf(camera),
      minScore,
      classifiers: this.#models.classifiersOf(camera),
      reid: this.#models.reidOf(camera),
      outlet: this.#outlet,
      newObjectId: (atMs) => this.#uuids.next(atMs),
      sceneStore: this.#scene,
      random,
      clock,
      log,
      recorder: media.recorder,
      stills: media.stills(source),
      snapshotFiles: media.snapshotFiles,
    });
  }

  get #folder(): string {
    return resolve(this.#parts.baseDir, this.#parts.config.storage.path);
  }
}

function limitsOf({ retention, reserveMiB }: StorageConfig) {
  return {
    clips: { maxBytes: retention.clipsGiB * 1024 ** 3, maxDays: retention.clipsDays },
    snapshots: { maxBytes: retention.snapshotsGiB * 1024 ** 3, maxDays: retention.snapshotsDays },
    reserveBytes: reserveMiB * 1024 ** 2,
  };
}
