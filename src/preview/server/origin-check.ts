import type { FastifyReply, FastifyRequest } from 'fastify';
import { HttpProblem } from './problem.ts';

const SAFE_METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);

/** `scheme://host` under which the request came. */
export function ownOrigin(request: FastifyRequest): string {
  return `${request.protocol}://${request.headers.host ?? ''}`.toLowerCase();
}

/**
 * Keeps other sites from acting with somebody's cookie, or on a device that asks for no password (CSRF, and the same over
 * WebSocket): browsers say where a request comes from in `Origin` and `Sec-Fetch-Site`, which no page can forge.
 * @param allowed origins, beside this server's own, whose pages may use the API with a token
 * @throws HttpProblem 403
 */
export function checkOrigin(request: FastifyRequest, allowed: readonly string[]): void {
  const { origin, upgrade } = request.headers;
  const site = request.headers['sec-fetch-site'];
  const hasToken = request.headers.authorization !== undefined;
  const trusted = origin !== undefined && hasToken && allowed.includes(origin.toLowerCase());
  if (trusted) return;
  const acts = !SAFE_METHODS.has(request.method) || upgrade !== undefined;
  if (origin !== undefined && (acts || hasToken) && origin.toLowerCase() !== ownOrigin(request)) {
    throw foreign(`requests from ${origin.slice(0, 100)} are not allowed`);
  }
  if (site === 'cross-site' || site === 'same-site') {
    // Following a link from elsewhere to the page is fine; loading its pictures or data from elsewhere is not.
    const follows = request.headers['sec-fetch-mode'] === 'navigate' && request.method === 'GET';
    if (!follows) throw foreign('requests from pages of other sites are not allowed');
  }
  const saysNothing = origin === undefined && site === undefined;
  if (acts && saysNothing && request.headers.cookie !== undefined && !hasToken) {
    throw foreign('a request with a cookie must say where it comes from');
  }
}

/** Answers the question of a browser whether a page of an allowed origin may ask. @returns whether this was such a question */
export function answerCors(
  request: FastifyRequest,
  reply: FastifyReply,
  allowed: readonly string[],
): boolean {
  const { origin } = request.headers;
  if (origin === undefined || !allowed.includes(origin.toLowerCase())) return false;
  reply
    .header('access-control-allow-origin', origin)
    .header('vary', 'Origin')
    .header('access-control-expose-headers', 'Location, ETag, Link, Retry-After')
    .header('cross-origin-resource-policy', 'cross-origin');
  if (request.method !== 'OPTIONS' || request.headers['access-control-request-method'] === undefined)
    return false;
  reply
    .header('access-control-allow-methods', 'GET, POST, PATCH, DELETE')
    .header('access-control-allow-headers', 'Authorization, Content-Type, If-Match, Last-Event-ID')
    .header('access-control-max-age', '600');
  return true;
}

function foreign(message: string): HttpProblem {
  return new HttpProblem(403, message, {
    hint: 'open the page at this device, or send "Authorization: Bearer TOKEN"; further pages: http.allowedOrigins',
  });
}
