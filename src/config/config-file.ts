import { chown, open, readFile, realpath, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { OcellusError } from '../base/errors.ts';

/** @throws OcellusError `config_unreadable` */
export async function readConfigFile(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new OcellusError('config_unreadable', `${file} cannot be read`, { cause: error });
  }
}

/**
 * Puts another text in the place of a file: after a crash either the old or the new one is there as a whole. Permissions stay
 * as they are, and the owner where the daemon may give it; a symbolic link stays one.
 * @throws OcellusError `io_failed` when the file may not be replaced
 */
export async function replaceConfigFile(file: string, text: string): Promise<void> {
  const target = await realpath(file).catch(() => file);
  const fresh = `${target}.new`;
  try {
    const { mode, uid, gid } = await stat(target);
    await rm(fresh, { force: true });
    const handle = await open(fresh, 'wx', 0o600);
    try {
      await handle.writeFile(text);
      await handle.chmod(mode & 0o777);
      await handle.sync();
    } finally {
      await handle.close();
    }
    // Only root may give files away; a group that this user is not in stays out of reach too.
    await chown(fresh, uid, gid).catch(() => chown(fresh, -1, gid).catch(() => {}));
    await rename(fresh, target);
    const folder = await open(dirname(target), 'r');
    await folder.sync().finally(() => folder.close());
  } catch (error) {
    await rm(fresh, { force: true }).catch(() => {});
    throw new OcellusError('io_failed', `the configuration ${target} cannot be written`, {
      hint: `let the user that runs ocellus write the folder ${dirname(target)}`,
      cause: error,
    });
  }
}
