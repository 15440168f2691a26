import { isIP } from 'node:net';
import { hostname } from 'node:os';

/**
 * Which names this server answers to. A page of another site can have its own name resolve to this device ("DNS
 * rebinding") and would then be of the same origin as the API; it cannot do that with an address or with these names.
 */
export class HostCheck {
  readonly #names: ReadonlySet<string>;

  /** @param trusted further names, as configured */
  constructor(trusted: readonly string[]) {
    const own = hostname().toLowerCase();
    this.#names = new Set(['localhost', own, `${own}.local`, ...trusted.map((name) => name.toLowerCase())]);
  }

  /** @param host value of the header `Host` */
  admits(host: string | undefined): boolean {
    if (host === undefined) return false;
    const match = /^(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+)(?::\d{1,5})?$/.exec(host);
    if (match === null) return false;
    const name = match[1]!.toLowerCase();
    return isIP(name.replace(/^\[|\]$/g, '')) !== 0 || this.#names.has(name);
  }
}
