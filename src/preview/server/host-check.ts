import { isIP } from 'node:net';
import { hostname } from 'node:os';

/**
 * Which names this server answers to. A page of another site can have its own name resolve to this device ("DNS
 * rebinding") and would then be of the same origin as the API; it cannot do that with an address or with these names.
 */
export class HostCheck {
  readonly #own: readonly string[];
  readonly #trusted: () => readonly string[];

  /** @param trusted further names, as configured now */
  constructor(trusted: () => readonly string[]) {
    const own = hostname().toLowerCase();
    this.#own = ['localhost', own, `${own}.local`];
    this.#trusted = trusted;
  }

  /** @param host value of the header `Host` */
  admits(host: string | undefined): boolean {
    if (host === undefined) return false;
    const match = /^(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+)(?::\d{1,5})?$/.exec(host);
    if (match === null) return false;
    const name = match[1]!.toLowerCase();
    if (isIP(name.replace(/^\[|\]$/g, '')) !== 0 || this.#own.includes(name)) return true;
    return this.#trusted().some((trusted) => trusted.toLowerCase() === name);
  }
}
