import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * The hottest of the kernel's thermal zones, degrees Celsius; null where there is none, as in virtual machines.
 * @param root where `/sys` is looked for
 */
export async function temperatureC(root = '/'): Promise<number | null> {
  const folder = join(root, 'sys/class/thermal');
  const names = await readdir(folder).catch(() => []);
  const readings = await Promise.all(
    names
      .filter((name) => name.startsWith('thermal_zone'))
      .map((name) => readFile(join(folder, name, 'temp'), 'utf8').catch(() => '')),
  );
  const known = readings
    .map((text) => Number.parseInt(text, 10) / 1000)
    // Sensors that are switched off read as absolute zero or so.
    .filter((degrees) => degrees > -50 && degrees < 200);
  return known.length === 0 ? null : Math.max(...known);
}
