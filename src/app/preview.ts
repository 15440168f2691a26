import { PreviewServer } from '../preview/server/preview-server.ts';
import type { CameraPipeline } from './camera-pipeline.ts';
import { configEditor } from './config-editor.ts';
import type { DaemonParts } from './daemon.ts';
import { encodeJpeg } from './frame-jpeg.ts';
import type { LiveMedia } from './live-media.ts';
import { LiveCamera } from './preview-camera.ts';
import { type DeviceParts, PreviewDevice } from './preview-device.ts';

export interface PreviewSources extends Omit<DeviceParts, 'clock'> {
  readonly cameras: ReadonlyMap<string, CameraPipeline>;
  /** Own video, of cameras that show it. */
  readonly media: ReadonlyMap<string, LiveMedia>;
}

/** The page and the API of a daemon. */
export function createPreview(parts: DaemonParts, sources: PreviewSources): PreviewServer {
  const { clock, onServed } = parts;
  const { cameras, media, store, storagePath } = sources;
  const views = [...cameras].map(
    ([id, pipeline]) => [id, new LiveCamera(id, pipeline, media.get(id), clock)] as const,
  );
  const device = new PreviewDevice({ ...sources, clock });
  return new PreviewServer(
    {
      ...parts,
      cameras: new Map(views),
      events: store.history,
      editor: configEditor(parts, storagePath, cameras),
      encodeJpeg,
      device: () => device.report(),
      partStates: () => device.partStates(),
    },
    { ...(onServed && { onServed }) },
  );
}
