import { OcellusError } from '../base/errors.ts';
import type { CameraCommand, CommandOutcome } from '../mqtt/commands.ts';
import type { CameraPipeline } from './camera-pipeline.ts';

/** Carries out what is asked of a camera by MQTT. */
export class CameraCommands {
  readonly #cameras: ReadonlyMap<string, CameraPipeline>;

  constructor(cameras: ReadonlyMap<string, CameraPipeline>) {
    this.#cameras = cameras;
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
        return command.value;
      case 'detect':
        camera.setDetecting(command.value);
        return command.value;
      case 'fps':
        camera.setFps(command.value);
        return command.value;
      case 'snapshot':
        return camera.snapshot();
    }
  }
}
