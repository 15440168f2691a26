import { OcellusError } from '../base/errors.ts';

/**
 * Builds something from a section of the configuration. What cannot be built so will not be mended by starting again, and
 * systemd is told that by the exit status of a bad configuration.
 * @throws OcellusError `config_invalid` that names the section
 */
export function inSection<T>(section: string, build: () => T): T {
  try {
    return build();
  } catch (error) {
    if (!(error instanceof OcellusError)) throw error;
    const { message, hint } = error;
    throw new OcellusError('config_invalid', `${section}: ${message}`, {
      ...(hint && { hint }),
      cause: error,
    });
  }
}
