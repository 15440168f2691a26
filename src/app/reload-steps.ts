import { explain, isAbort } from '../base/errors.ts';
import type { LogLevel } from '../base/log.ts';
import type { LoadedConfig } from '../config/load.ts';
import type { EventStore } from '../store/event-store.ts';
import type { MediaRetention } from '../store/media/media-retention.ts';
import type { Broker } from './broker.ts';
import type { BuiltCamera, CameraSet } from './camera-set.ts';
import type { InForce } from './in-force.ts';
import { mediaLimitsOf } from './media-limits.ts';
import type { ModelRuntimes, ModelSet } from './model-runtimes.ts';
import type { Preview } from './preview.ts';
import type { ReloadPlan } from './reload-plan.ts';
import type { ReloadFailure } from './reload-report.ts';

export interface ReloadStepsParts {
  readonly inForce: InForce;
  readonly models: ModelRuntimes;
  readonly cameras: CameraSet;
  readonly broker: Broker;
  readonly preview: Preview;
  readonly store: EventStore;
  readonly retention: MediaRetention;
  readonly setLogLevel: (level: LogLevel) => void;
}

/** What had to be there before anything changes. */
export interface Prepared {
  readonly models: ModelSet;
  /** Added and restarted ones. */
  readonly cameras: ReadonlyMap<string, BuiltCamera>;
}

/**
 * Puts a plan into force. `prepare` does what can fail for the configuration's fault and changes nothing; `commit` changes
 * one part after the other, keeps what is in force true to what it did, and goes on where a part fails.
 */
export class ReloadSteps {
  readonly #parts: ReloadStepsParts;

  constructor(parts: ReloadStepsParts) {
    this.#parts = parts;
  }

  /** Opens new models and builds new cameras. @throws OcellusError when one cannot be had: nothing is left of the others */
  async prepare(plan: ReloadPlan, wanted: LoadedConfig, signal: AbortSignal): Promise<Prepared> {
    const { models, cameras } = this.#parts;
    const next = await models.open(wanted.config, plan.staleModels, signal);
    try {
      signal.throwIfAborted();
      const names = [...plan.cameras.added, ...plan.cameras.restarted];
      const built = names.map((id) => [id, cameras.build(id, wanted.config.cameras[id]!, next)] as const);
      return { models: next, cameras: new Map(built) };
    } catch (error) {
      await models.abandon(next);
      throw error;
    }
  }

  /** @returns what could not be done. Never rejects. */
  async commit(
    plan: ReloadPlan,
    wanted: LoadedConfig,
    prepared: Prepared,
    signal: AbortSignal,
  ): Promise<readonly ReloadFailure[]> {
    const failures: ReloadFailure[] = [];
    const step = async (part: string, isDue: boolean, work: () => Promise<unknown>) => {
      if (!isDue || signal.aborted) return;
      try {
        await work();
      } catch (error) {
        if (isAbort(error) && signal.aborted) return;
        failures.push({ part, message: explain(error) });
      }
    };
    await step('log', plan.log, () => this.#log(wanted));
    await step('governor', plan.governor, () => this.#governor(wanted));
    await step('storage', plan.storage, () => this.#storage(wanted));
    await this.#cameras(plan, wanted, prepared, signal, step);
    await step('models', true, () => this.#models(wanted, prepared));
    await step('mqtt', plan.mqtt, () => this.#mqtt(wanted, signal));
    await step('http', plan.http !== 'moved', () => this.#renewHttp(plan, wanted));
    await step('http', plan.http === 'moved', () => this.#moveHttp(wanted, signal));
    return failures;
  }

  async #log({ config }: LoadedConfig): Promise<void> {
    this.#parts.inForce.config.log = config.log;
    this.#parts.setLogLevel(config.log.level);
  }

  /** It looks at what is in force at every turn. */
  async #governor({ config }: LoadedConfig): Promise<void> {
    this.#parts.inForce.config.governor = config.governor;
  }

  async #storage({ config }: LoadedConfig): Promise<void> {
    const { inForce, store, retention } = this.#parts;
    inForce.config.storage = { ...config.storage, path: inForce.config.storage.path };
    retention.limit(mediaLimitsOf(config.storage));
    await store.limit(config.storage, inForce.config.mqtt !== undefined);
  }

  async #cameras(
    plan: ReloadPlan,
    { config }: LoadedConfig,
    prepared: Prepared,
    signal: AbortSignal,
    step: (part: string, isDue: boolean, work: () => Promise<unknown>) => Promise<void>,
  ): Promise<void> {
    const { inForce, cameras, broker, preview } = this.#parts;
    const running = inForce.config.cameras;
    const { removed, adapted, restarted, added } = plan.cameras;
    for (const id of removed) {
      await step(`cameras.${id}`, true, async () => {
        await cameras.remove(id);
        delete running[id];
        preview.server.cameraRemoved(id);
      });
    }
    for (const id of adapted) {
      await step(`cameras.${id}`, true, async () => {
        running[id] = config.cameras[id]!;
        cameras.adapt(id, config.cameras[id]!);
      });
    }
    for (const id of [...restarted, ...added]) {
      await step(`cameras.${id}`, true, async () => {
        running[id] = config.cameras[id]!;
        await cameras.restart(prepared.cameras.get(id)!, signal);
      });
    }
    const isChanged = removed.length + adapted.length + restarted.length + added.length > 0;
    await step('mqtt', isChanged, async () => broker.publisher?.camerasChanged());
  }

  async #models({ config }: LoadedConfig, { models }: Prepared): Promise<void> {
    const { inForce } = this.#parts;
    inForce.config.models = config.models;
    inForce.config.classifiers = config.classifiers;
    inForce.config.reid = config.reid;
    await this.#parts.models.adopt(models);
  }

  async #mqtt({ config, secrets }: LoadedConfig, signal: AbortSignal): Promise<void> {
    const { inForce, broker, store, cameras } = this.#parts;
    const { mqttPassword: _old, ...others } = inForce.secrets;
    inForce.secrets = {
      ...others,
      ...(secrets.mqttPassword !== undefined && { mqttPassword: secrets.mqttPassword }),
    };
    if (config.mqtt === undefined) delete inForce.config.mqtt;
    else inForce.config.mqtt = config.mqtt;
    // Before it comes and after it is gone, so that every event finds its place in the outbox.
    if (config.mqtt !== undefined) await store.limit(inForce.config.storage, true);
    const wasThere = await broker.renew(signal);
    if (!wasThere) cameras.restate();
    if (config.mqtt === undefined) await store.limit(inForce.config.storage, false);
  }

  /** Users, tokens and limits; and a certificate that was renewed under the same name. */
  async #renewHttp(plan: ReloadPlan, { config, secrets }: LoadedConfig): Promise<void> {
    const { inForce, preview } = this.#parts;
    if (plan.http === 'kept' && config.http.tls === undefined) return;
    inForce.config.http = { ...config.http, enabled: inForce.config.http.enabled };
    inForce.secrets = { ...secrets, ...pickMqtt(inForce.secrets) };
    await preview.server.renew(inForce.secrets);
  }

  /** What cannot be had of address and TLS stays as it was; users and limits are taken over all the same. */
  async #moveHttp({ config, secrets }: LoadedConfig, signal: AbortSignal): Promise<void> {
    const { inForce, preview } = this.#parts;
    const { enabled, listen, tls } = inForce.config.http;
    inForce.config.http = { ...config.http, enabled };
    inForce.secrets = { ...secrets, ...pickMqtt(inForce.secrets) };
    try {
      await preview.move(listen === config.http.listen, signal);
    } catch (error) {
      const { tls: _wanted, ...rest } = config.http;
      inForce.config.http = { ...rest, enabled, listen, ...(tls && { tls }) };
      await preview.server.renew(inForce.secrets);
      throw error;
    }
  }
}

function pickMqtt({ mqttPassword }: InForce['secrets']): Pick<InForce['secrets'], 'mqttPassword'> {
  return mqttPassword === undefined ? {} : { mqttPassword };
}
