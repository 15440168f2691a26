import type { FastifyReply } from 'fastify';

/** Nothing but what this server sends runs or shows; previews come as blobs and streams of its own. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' blob: data:",
  "media-src 'self' blob:",
  "connect-src 'self'",
  "font-src 'self'",
  "manifest-src 'self'",
  "worker-src 'self'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join('; ');

const HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy': CONTENT_SECURITY_POLICY,
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), microphone=(), geolocation=(), payment=(), usb=()',
};

/** On every reply, errors included. Pictures of cameras stay out of caches unless their route says otherwise. */
export function setSecurityHeaders(reply: FastifyReply, overTls: boolean): void {
  reply.headers(HEADERS).header('cache-control', 'no-store');
  // Only over TLS, where it has a meaning; a certificate that changes must stay mendable, hence one day.
  if (overTls) reply.header('strict-transport-security', 'max-age=86400');
}
