import { randomBytes } from 'node:crypto';
import { join, resolve } from 'node:path';
import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/log.ts';
import { type Service, ServiceStack } from '../base/service.ts';
import { version } from '../base/version.ts';
import { createFrameSource } from '../capture/open-source.ts';
import type { CameraConfig } from '../config/camera-schema.ts';
import type { LoadedConfig } from '../config/load.ts';
import type { StorageConfig } from '../config/schema.ts';
import { EventSealer } from '../events/event-sealer.ts';
import { UuidV7 } from '../events/uuid-v7.ts';
import type { DomainEvent } from '../flow/domain-event.ts';
import { i420Bytes } from '../flow/frame.ts';
import { FramePool } from '../flow/frame-pool.ts';
import { MqttPublisher } from '../mqtt/publisher.ts';
import type { PreviewServer } from '../preview/server/preview-server.ts';
import { EventStore } from '../store/event-store.ts';
import { ClipRecorder } from '../store/media/clip-recorder.ts';
import { MediaRetention } from '../store/media/media-retention.ts';
import { SceneFiles } from '../store/scene-files.ts';
import { CameraCommands } from './camera-commands.ts';
import { CameraPipeline } from './camera-pipeline.ts';
import { ClassifierRuntime } from './classifier-runtime.ts';
import { deviceReport } from './device-report.ts';
import { EventOutlet } from './event-outlet.ts';
import { inSection } from './in-section.ts';
import { LiveMedia } from './live-media.ts';
import { mediaFanout } from './media-fanout.ts';
import { ModelRuntime } from './model-runtime.ts';
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
  readonly #models = new Map<string, ModelRuntime>();
  readonly #classifiers = new Map<string, ClassifierRuntime>();
  readonly #cameras = new Map<string, CameraPipeline>();
  readonly #liveMedia = new Map<string, LiveMedia>();
  readonly #uuids = new UuidV7(randomBytes);
  readonly #store: EventStore;
  readonly #scene: RememberedScene;
  readonly #commands: CameraCommands;
  readonly #outlet: EventOutlet;
  readonly #mqtt: MqttPublisher | undefined;
  /** Absent when no camera records. */
  readonly #retention: MediaRetention | undefined;
  readonly #preview: PreviewServer;
  #startedMonoMs = 0;

  /** @throws OcellusError when a model cannot be used as it is, or a camera's source cannot be understood */
  constructor(parts: DaemonParts) {
    this.#parts = parts;
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
    this.#commands = new CameraCommands(this.#cameras, config.cameras, this.#store.settings, log);
    this.#mqtt =
      config.mqtt === undefined
        ? undefined
        : new MqttPublisher({
            config: { ...config.mqtt, ...(secrets.mqttPassword && { password: secrets.mqttPassword }) },
            deviceId: config.device.id,
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
    this.#retention = Object.values(config.cameras).some(({ record }) => record.enabled)
      ? new MediaRetention({ folder: this.#folder, ...limitsOf(config.storage), clock, log })
      : undefined;
    for (const [cameraId, camera] of Object.entries(config.cameras)) {
      this.#cameras.set(cameraId, this.#pipeline(cameraId, camera));
    }
    this.#preview = createPreview(parts, {
      ...{
        cameras: this.#cameras,
        liveMedia: this.#liveMedia,
        models: this.#models,
        classifiers: this.#classifiers,
      },
      ...{ store: this.#store, mqtt: this.#mqtt, storagePath: this.#folder },
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
        ...this.#models.values(),
        ...this.#classifiers.values(),
        ...(this.#mqtt ? [this.#mqtt] : []),
        ...(this.#retention ? [this.#retention] : []),
        ...this.#cameras.values(),
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
    this.#commands.restore();
  }

  #report(): void {
    this.#mqtt?.deviceState(this.#deviceState());
  }

  #deviceState(): Record<string, unknown> {
    return {
      ...deviceReport({
        uptimeMs: this.#parts.clock.monoMs() - this.#startedMonoMs,
        models: this.#models,
        classifiers: this.#classifiers,
        cameras: this.#cameras,
        store: this.#store.status,
      }),
      ...(this.#retention && { recording: { diskFull: !this.#retention.hasRoom } }),
    };
  }

  /** Models are opened once, however many cameras use them. */
  #runtime(name: string): ModelRuntime {
    let runtime = this.#models.get(name);
    if (runtime === undefined) {
      const config = this.#parts.config.models[name];
      if (config === undefined) throw new Error(`configuration was not checked: no model ${name}`);
      const minScores = this.#labelMinScores(name);
      runtime = inSection(
        `models.${name}`,
        () => new ModelRuntime({ ...this.#parts, name, config, minScores }),
      );
      this.#models.set(name, runtime);
    }
    return runtime;
  }

  /** As `#runtime`, for the second models of a camera. */
  #classifiersOf({ classify }: CameraConfig): ReadonlyMap<string, ClassifierRuntime> {
    for (const { model: name } of Object.values(classify)) {
      const config = this.#parts.config.classifiers[name];
      if (config === undefined) throw new Error(`configuration was not checked: no classifier ${name}`);
      if (this.#classifiers.has(name)) continue;
      const build = () => new ClassifierRuntime({ ...this.#parts, name, config });
      this.#classifiers.set(name, inSection(`classifiers.${name}`, build));
    }
    return this.#classifiers;
  }

  /** Least scores that labels of the model's cameras have of their own. */
  #labelMinScores(model: string): number[] {
    return Object.values(this.#parts.config.cameras)
      .filter((camera) => camera.model === model)
      .flatMap(({ objects }) => Object.values(objects).flatMap(({ minScore }) => minScore ?? []));
  }

  #pipeline(cameraId: string, camera: CameraConfig): CameraPipeline {
    const { clock, random, log, baseDir } = this.#parts;
    const runtime = this.#runtime(camera.model);
    const { input, minScore } = runtime.model;
    const box = {
      widthPx: camera.detect.widthPx ?? input.widthPx,
      heightPx: camera.detect.heightPx ?? input.heightPx,
    };
    const recorder = this.#recorder(cameraId, camera);
    const media = camera.preview.mse ? new LiveMedia() : undefined;
    if (media) this.#liveMedia.set(cameraId, media);
    const sinks = [recorder, media].filter((sink) => sink !== undefined);
    const source = inSection(`cameras.${cameraId}`, () =>
      createFrameSource({
        cameraId,
        source: camera.source,
        capture: camera.capture,
        detect: { ...box, fps: camera.detect.fps },
        pool: new FramePool(FRAMES_PER_CAMERA, i420Bytes(box.widthPx, box.heightPx)),
        clock,
        baseDir,
        ...(sinks.length > 0 && { media: mediaFanout(sinks) }),
      }),
    );
    return new CameraPipeline({
      cameraId,
      config: camera,
      source,
      scheduler: runtime.scheduler,
      minScore,
      classifiers: this.#classifiersOf(camera),
      outlet: this.#outlet,
      newObjectId: (atMs) => this.#uuids.next(atMs),
      sceneStore: this.#scene,
      random,
      clock,
      log,
      recorder,
    });
  }

  get #folder(): string {
    return resolve(this.#parts.baseDir, this.#parts.config.storage.path);
  }

  #recorder(cameraId: string, { record }: CameraConfig): ClipRecorder | undefined {
    if (!record.enabled) return undefined;
    const { log } = this.#parts;
    const hasRoom = () => this.#retention?.hasRoom ?? true;
    return new ClipRecorder({ cameraId, config: record, folder: this.#folder, hasRoom, log });
  }
}

function limitsOf({ retention, reserveMiB }: StorageConfig) {
  return {
    maxBytes: retention.clipsGiB * 1024 ** 3,
    maxDays: retention.clipsDays,
    reserveBytes: reserveMiB * 1024 ** 2,
  };
}
