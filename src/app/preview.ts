import { OcellusError } from '../base/errors.ts';
import type { ServiceStack } from '../base/service.ts';
import type { PreviewServer } from '../preview/server/preview-server.ts';

const CLOSE_DEADLINE_MS = 5_000;

/** The page and the API, wherever they are served now. */
export class Preview {
  readonly #create: () => PreviewServer;
  #server: PreviewServer;
  #stack: ServiceStack | undefined;

  /** @param create makes a server for the configuration in force */
  constructor(create: () => PreviewServer) {
    this.#create = create;
    this.#server = create();
  }

  /** @param stack where the server lives */
  async start(stack: ServiceStack, signal: AbortSignal): Promise<void> {
    this.#stack = stack;
    await stack.start(this.#server, signal);
  }

  /** The server as it is: for what it can take over while it runs. */
  get server(): PreviewServer {
    return this.#server;
  }

  /**
   * Serves at another address, or with or without TLS, as the configuration in force says.
   * @param sameAddress the one before has to go first
   * @throws OcellusError when that cannot be: then the page is served as before
   */
  async move(sameAddress: boolean, signal: AbortSignal): Promise<void> {
    const before = this.#server;
    const next = this.#create();
    try {
      await next.prepare();
      if (sameAddress) await this.#stack?.stop(before, CLOSE_DEADLINE_MS);
      await this.#stack?.start(next, signal);
      if (next.failure !== null && !sameAddress) {
        throw new OcellusError('io_failed', next.failure, {
          hint: 'set http.listen to a free port of this device',
        });
      }
    } catch (error) {
      await this.#stack?.stop(next, CLOSE_DEADLINE_MS);
      throw error;
    }
    this.#server = next;
    if (!sameAddress) await this.#stack?.stop(before, CLOSE_DEADLINE_MS);
  }
}
