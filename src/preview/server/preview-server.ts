import type { AddressInfo } from 'node:net';
import type { Server as TlsServer } from 'node:tls';
import type { Timer } from '../../base/clock.ts';
import { withDeadline } from '../../base/deadline.ts';
import { messageOf } from '../../base/errors.ts';
import type { Service } from '../../base/service.ts';
import { isLoopback } from '../../config/http-checks.ts';
import type { Secrets } from '../../config/referenced-files.ts';
import { cameraRoutes } from '../api/cameras.ts';
import { configRoutes } from '../api/config.ts';
import { deviceRoutes } from '../api/device.ts';
import { eventMediaRoutes } from '../api/event-media.ts';
import { eventStreamRoutes } from '../api/event-stream.ts';
import { eventRoutes } from '../api/events.ts';
import { healthRoutes } from '../api/health.ts';
import { metricsRoutes } from '../api/metrics.ts';
import { sessionRoutes } from '../api/session.ts';
import { Authenticator } from '../auth/authenticator.ts';
import { Login } from '../auth/login.ts';
import { mseRoutes } from '../live/mse-routes.ts';
import { pictureRoutes } from '../live/picture-routes.ts';
import { whepRoutes } from '../live/whep-routes.ts';
import type { PreviewParts } from '../ports.ts';
import { createApp } from './create-app.ts';
import type { ListenerTimeouts, TlsIdentity } from './listener.ts';
import { PAGE_FOLDER, readPageFiles } from './page-files.ts';
import type { PreviewApp, RoutePlugin } from './preview-app.ts';
import { EventStreams } from './server-sent-events.ts';
import { tlsIdentity } from './tls-identity.ts';

/** A port that is taken, or an address that the network does not have yet, is tried again so often. */
const RETRY_MS = 5_000;

export interface PreviewServerOptions {
  /** Folder of the built page. */
  readonly pageFolder?: string;
  readonly timeouts?: ListenerTimeouts;
  /** Hears where it listens, such as `http://127.0.0.1:8080`. */
  readonly onServed?: (url: string) => void;
}

/** The web page and the API. Cameras and events do not depend on it: an address that is not to be had now is waited for. */
export class PreviewServer implements Service {
  readonly name = 'preview';
  readonly #parts: PreviewParts & { secrets: Secrets };
  readonly #options: PreviewServerOptions;
  readonly #streams: EventStreams;
  #app: PreviewApp | undefined;
  #tls: TlsIdentity | undefined;
  #authenticator: Authenticator | undefined;
  #login: Login | undefined;
  #failure: string | null = null;
  #retryTimer: Timer | undefined;
  #closing: Promise<void> | undefined;

  constructor(parts: PreviewParts, options: PreviewServerOptions = {}) {
    this.#parts = { ...parts };
    this.#options = options;
    this.#streams = new EventStreams(parts.clock);
  }

  /** Where it listens, such as `http://127.0.0.1:8080`; undefined while it does not. */
  get url(): string | undefined {
    const address = this.#app?.server.address() as AddressInfo | null | undefined;
    if (address === null || address === undefined) return undefined;
    const host = address.family === 'IPv6' ? `[${address.address}]` : address.address;
    const scheme = this.#tls === undefined ? 'http' : 'https';
    return `${scheme}://${host}:${address.port}`;
  }

  /** Why it does not listen; null when it does. */
  get failure(): string | null {
    return this.#failure;
  }

  /** @throws OcellusError when the configuration of users or TLS cannot be used */
  async start(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    await this.prepare();
    if (this.#app !== undefined) await this.#listen(this.#app);
  }

  /** Gets everything ready but the listener; `start` does it too. @throws OcellusError as `start` */
  async prepare(): Promise<void> {
    if (this.#app !== undefined) return;
    const { config, secrets, clock, log } = this.#parts;
    if (!config.http.enabled) {
      log.info({}, 'page and API are off: http.enabled is false');
      return;
    }
    const authenticator = new Authenticator(config.http, secrets, clock);
    const login = new Login(secrets, clock, log);
    this.#authenticator = authenticator;
    this.#login = login;
    const plugins: RoutePlugin[] = [
      (app, parts) => sessionRoutes(app, parts, authenticator, login),
      cameraRoutes,
      pictureRoutes,
      mseRoutes,
      whepRoutes,
      eventRoutes,
      (app, parts) => eventStreamRoutes(app, parts, this.#streams),
      eventMediaRoutes,
      configRoutes,
      deviceRoutes,
      healthRoutes,
      (app, parts) => metricsRoutes(app, parts, this.#streams),
    ];
    this.#tls = await this.#identity();
    this.#app = await createApp(this.#parts, {
      authenticator,
      plugins,
      tls: this.#tls,
      page: await readPageFiles(this.#options.pageFolder ?? PAGE_FOLDER),
      timeouts: this.#options.timeouts,
    });
  }

  /**
   * Goes by the users, tokens, names and limits that the configuration has now, and by the certificate that its files hold
   * now. The address, and whether there is TLS, stay. @throws OcellusError when the certificate cannot be used: the old one stays
   */
  async renew(secrets: Secrets): Promise<void> {
    const { config } = this.#parts;
    this.#parts.secrets = secrets;
    this.#authenticator?.apply(config.http, secrets);
    this.#login?.apply(secrets);
    if (this.#tls === undefined) return;
    const identity = await this.#identity();
    if (identity === undefined || this.#app === undefined) return;
    this.#tls = identity;
    (this.#app.server as unknown as TlsServer).setSecureContext({ ...identity, minVersion: 'TLSv1.2' });
  }

  /** A camera was removed: whoever watches it is sent away. */
  cameraRemoved(cameraId: string): void {
    this.#app?.viewers.endAll(cameraId);
  }

  /** Ends every connection, streams included. */
  close(deadlineMs: number): Promise<void> {
    this.#closing ??= this.#close(deadlineMs);
    return this.#closing;
  }

  #identity(): Promise<TlsIdentity | undefined> {
    const { config, clock, log } = this.#parts;
    return tlsIdentity({ http: config.http, storagePath: config.storage.path, clock, log });
  }

  async #listen(app: PreviewApp): Promise<void> {
    const { listen } = this.#parts.config.http;
    const { host, port } = splitAddress(listen);
    try {
      await new Promise<void>((resolve, reject) => {
        app.server.once('error', reject);
        app.server.listen({ host, port }, () => {
          app.server.off('error', reject);
          resolve();
        });
      });
      this.#failure = null;
      const { url = listen } = this;
      this.#parts.log.info({ url }, 'page and API are served');
      if (this.#tls === undefined && !isLoopback(host)) {
        this.#parts.log.warn({ url }, 'passwords and pictures cross the network unencrypted: set http.tls');
      }
      this.#options.onServed?.(url);
    } catch (error) {
      this.#failure = messageOf(error);
      this.#parts.log.error(
        { listen, error: messageOf(error), againInMs: RETRY_MS },
        'page and API cannot be served: set http.listen to a free port of this device',
      );
      if (this.#closing !== undefined) return;
      this.#retryTimer = this.#parts.clock.after(RETRY_MS, () => void this.#listen(app));
    }
  }

  async #close(deadlineMs: number): Promise<void> {
    this.#retryTimer?.cancel();
    this.#authenticator?.sessions.close();
    const app = this.#app;
    if (app === undefined) return;
    for (const client of app.websocketServer.clients) client.terminate();
    app.server.closeAllConnections();
    await withDeadline(app.close(), deadlineMs, 'closing the page and API', this.#parts.clock);
    if (app.server.listening) app.server.close();
  }
}

/** `127.0.0.1:8080` or `[::1]:8080` as the schema admits it. */
function splitAddress(listen: string): { host: string; port: number } {
  const colon = listen.lastIndexOf(':');
  return { host: listen.slice(0, colon).replace(/^\[|\]$/g, ''), port: Number(listen.slice(colon + 1)) };
}
