import type { FastifyRequest } from 'fastify';
import type { PreviewUser } from '../server/preview-app.ts';

/** Who may use the API, and how they prove it. */
export interface Authenticator {
  readonly authentication: 'none' | 'password';
  /** Who sends the request; null when nobody has proved to be somebody. @throws HttpProblem 401 for a wrong token */
  identify(request: FastifyRequest): PreviewUser | null;
}

/** Without users and tokens, whoever reaches the loopback address owns the device. */
export const LOCAL_USER: PreviewUser = { name: 'local', role: 'admin', cameras: ['*'] };
