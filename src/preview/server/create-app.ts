import type { Server } from 'node:http';
import websocket from '@fastify/websocket';
import { fastify, type RouteOptions } from 'fastify';
import { openApiRoutes } from '../api/openapi.ts';
import { pageRoutes } from '../api/page.ts';
import type { Authenticator } from '../auth/authenticator.ts';
import type { PreviewParts } from '../ports.ts';
import { checkAccess, requireStatedAccess } from './access.ts';
import { HostCheck } from './host-check.ts';
import { createListener, type ListenerTimeouts, type TlsIdentity } from './listener.ts';
import { requireMemory } from './memory-check.ts';
import { answerCors, checkOrigin } from './origin-check.ts';
import type { PageFile } from './page-files.ts';
import type { PreviewApp, RoutePlugin, ZodProvider } from './preview-app.ts';
import { HttpProblem, problemOf, sendProblem } from './problem.ts';
import { setSecurityHeaders } from './security-headers.ts';
import { Viewers } from './viewers.ts';
import { zodSerializer, zodValidator } from './zod-compilers.ts';

/** The largest body that any route takes: an edit of a camera with many zones. */
const MAX_BODY_BYTES = 256 * 1024;
const MAX_PARAMETER_CHARACTERS = 128;
/** Clients of a WebSocket have nothing to say but small messages. */
const MAX_WEBSOCKET_BYTES = 16 * 1024;

export interface AppOptions {
  readonly authenticator: Authenticator;
  readonly plugins: readonly RoutePlugin[];
  readonly page: ReadonlyMap<string, PageFile>;
  readonly tls?: TlsIdentity | undefined;
  readonly timeouts?: ListenerTimeouts | undefined;
}

/** Every route behind every check, not listening yet. The checks come before anything of a body is read. */
export async function createApp(parts: PreviewParts, options: AppOptions): Promise<PreviewApp> {
  const { log } = parts;
  const hosts = new HostCheck(() => parts.config.http.trustedHosts);
  const app: PreviewApp = fastify({
    serverFactory: (handler): Server =>
      createListener((request, reply) => handler(request, reply), options.tls, options.timeouts),
    bodyLimit: MAX_BODY_BYTES,
    exposeHeadRoutes: false,
    forceCloseConnections: true,
    onProtoPoisoning: 'error',
    onConstructorPoisoning: 'error',
    routerOptions: { maxParamLength: MAX_PARAMETER_CHARACTERS, ignoreTrailingSlash: false },
    frameworkErrors: (error, request, reply) => {
      setSecurityHeaders(reply, options.tls !== undefined);
      void sendProblem(reply, problemOf(error, request, log));
    },
  }).withTypeProvider<ZodProvider>();
  app.setValidatorCompiler(zodValidator);
  app.setSerializerCompiler(zodSerializer);
  app.setErrorHandler((error, request, reply) => sendProblem(reply, problemOf(error, request, log)));
  app.setNotFoundHandler((request, reply) =>
    sendProblem(reply, new HttpProblem(404, `there is no ${request.method} at this address`)),
  );
  // Forms of other sites can send text; JSON only with a preflight.
  app.removeContentTypeParser('text/plain');
  app.decorate('viewers', new Viewers());
  app.decorateRequest('user', null);
  app.decorateRequest('loggedOut', null);
  await app.register(websocket, { options: { maxPayload: MAX_WEBSOCKET_BYTES, perMessageDeflate: false } });
  const routes: RouteOptions[] = [];
  app.addHook('onRoute', (route) => {
    requireStatedAccess(route);
    routes.push(route);
  });
  app.addHook('onRequest', async (request, reply) => {
    setSecurityHeaders(reply, options.tls !== undefined);
    if (!hosts.admits(request.headers.host)) {
      throw new HttpProblem(421, 'this device does not answer to that name', {
        hint: 'use its address, or add the name to http.trustedHosts',
      });
    }
    const origins = parts.config.http.allowedOrigins.map((origin) => origin.toLowerCase());
    if (answerCors(request, reply, origins)) return reply.code(204).send();
    checkOrigin(request, origins);
    const identity = options.authenticator.identify(request);
    request.user = identity?.user ?? null;
    request.loggedOut = identity?.signal ?? null;
    checkAccess(request, parts);
    const { watches } = request.routeOptions.config;
    if (watches !== undefined) {
      requireMemory(parts);
      app.viewers.follow(request, watches);
    }
    return undefined;
  });
  for (const plugin of options.plugins) plugin(app, parts);
  openApiRoutes(app, routes);
  pageRoutes(app, options.page);
  await app.ready();
  return app;
}
