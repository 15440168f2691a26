import type { Secrets } from '../config/referenced-files.ts';
import type { Config } from '../config/schema.ts';

/**
 * What the running daemon goes by. The objects stay the same, so that whoever holds `config` or `config.cameras` sees what
 * is in force; only the reload changes what is in them.
 */
export interface InForce {
  readonly config: Config;
  secrets: Secrets;
}
