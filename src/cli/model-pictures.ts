import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { OcellusError } from '../base/errors.ts';
import { loadConfig } from '../config/load.ts';
import { listPictures } from '../eval/quantize/pictures.ts';

const HOUR_MS = 3_600_000;

/** The stored snapshots of a camera. @throws OcellusError `usage`, `image_unreadable` */
export function snapshotsOf(camera: string, hours: number, config: string | undefined): string[] {
  if (config === undefined) {
    throw new OcellusError('usage', '--camera needs the configuration', { hint: 'give -c FILE' });
  }
  const { storage } = loadConfig(config, process.env).config;
  const folder = join(storage.path, 'snapshots', camera);
  if (!existsSync(folder)) {
    throw new OcellusError(
      'image_unreadable',
      `camera "${camera}" has no stored snapshots: there is no ${folder}`,
      { hint: 'let the daemon record snapshots of its events first, or give pictures of your own' },
    );
  }
  const since = Date.now() - hours * HOUR_MS;
  return listPictures(folder).filter((path) => statSync(path).mtimeMs >= since);
}
