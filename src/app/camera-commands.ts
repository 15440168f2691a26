import { explain, OcellusError } from '../base/errors.ts';
import type { Logger } from '../base/log.ts';
import type { Config } from '../config/schema.ts';
import type { CameraCommand, CommandOutcome } from '../mqtt/commands.ts';
import type { StoredSettings } from '../store/stored-settings.ts';
import type { CameraPipeline } from './camera-pipeline.ts';

const SETTINGS = ['enabled', 'detect', 'fps'] as const;
type Setting = (typeof SETTINGS)[number];

/** Carries out what is asked of a camera by MQTT, and remembers it across restarts. */
export class CameraCommands {
  readonly #cameras: ReadonlyMap<string, CameraPipeline>;
  readonly #configs: Config['cameras'];
  readonly #settings: StoredSettings;
  readonly #log: Logger;

  constructor(
    cameras: ReadonlyMap<string, CameraPipeline>,
    configs: Config['cameras'],
    settings: StoredSettings,
    log: Logger,
  ) {
    this.#cameras = cameras;
    this.#configs = configs;
    this.#settings = settings;
    this.#log = log;
  }

  /** Sets a camera as it was told earlier, also in earlier runs. To be called before it starts. */
  restore(cameraId: string): void {
    const camera = this.#cameras.get(cameraId);
    if (camera === undefined) return;
    for (const setting of SETTINGS) {
      const value = this.#settings.get(keyOf(cameraId, setting), this.#configured(cameraId, setting));
      if (value === undefined) continue;
      if (setting === 'fps') camera.setFps(value as number);
      else if (setting === 'detect') camera.setDetecting(value as boolean);
      else camera.setEnabled(value as boolean);
    }
  }

  /** @returns the value now in force, or the snapshot as JPEG. @throws OcellusError `data_invalid`, `deadline_exceeded` */
  async run(command: CameraCommand): Promise<CommandOutcome> {
    const camera = this.#cameras.get(command.cameraId);
    if (camera === undefined) {
      throw new OcellusError('data_invalid', `there is no camera ${command.cameraId}`, {
        hint: `the cameras are ${[...this.#cameras.keys()].join(', ')}`,
      });
    }
    switch (command.command) {
      case 'enabled':
        camera.setEnabled(command.value);
        return this.#remember(command);
      case 'detect':
        camera.setDetecting(command.value);
        return this.#remember(command);
      case 'fps':
        camera.setFps(command.value);
        return this.#remember(command);
      case 'snapshot':
        return camera.snapshot();
    }
  }

  async #remember({ cameraId, command, value }: Extract<CameraCommand, { command: Setting }>) {
    try {
      await this.#settings.set(keyOf(cameraId, command), value, this.#configured(cameraId, command));
    } catch (error) {
      // It is in force all the same.
      const fields = { camera: cameraId, command, error: explain(error) };
      this.#log.warn(fields, 'a setting was not stored: a restart will forget it');
    }
    return value;
  }

  #configured(cameraId: string, setting: Setting): boolean | number | undefined {
    const config = this.#configs[cameraId];
    if (setting === 'enabled') return config?.enabled;
    return setting === 'detect' ? config?.detect.enabled : config?.detect.fps;
  }
}

function keyOf(cameraId: string, setting: Setting): string {
  return `cameras.${cameraId}.${setting}`;
}
