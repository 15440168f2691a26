import { PreviewServer } from '../preview/server/preview-server.ts';
import type { CameraPipeline } from './camera-pipeline.ts';
import { configEditor } from './config-editor.ts';
import type { DaemonParts } from './daemon.ts';
import type { LiveMedia } from './live-media.ts';
import { LiveCamera } from './preview-camera.ts';
import { type DeviceParts, PreviewDevice } from './preview-device.ts';

export interface PreviewSources extends Omit<DeviceParts, 'clock'> {
  readonly cameras: ReadonlyMap<string, CameraPipeline>;
  /** The cameras' own video, of those that show it. */
  readonly liveMedia: ReadonlyMap<string, LiveMedia>;
}

/** The page and the API of a daemon. */
export function createPreview(parts: DaemonParts, sources: PreviewSources): PreviewServer {
  const { clock, onServed } = parts;
  const { cameras, liveMedia, store, governor, storagePath } = sources;
  const device = new PreviewDevice({ ...sources, clock });
  return new PreviewServer(
    {
      ...parts,
      cameras: new Map(
        [...cameras].map(([id, pipeline]) => [
          id,
          new LiveCamera(id, pipeline, liveMedia.get(id), governor, clock),
        ]),
      ),
      events: store.history,
      editor: configEditor(parts, storagePath, cameras),
      device: () => device.report(),
      partStates: () => device.partStates(),
      savesMemory: () => governor.savesMemory,
    },
    { ...(onServed && { onServed }) },
  );
}
