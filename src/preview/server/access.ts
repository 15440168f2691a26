import type { FastifyRequest, RouteOptions } from 'fastify';
import { ROLES, type Role } from '../../config/http-schema.ts';
import type { PreviewParts } from '../ports.ts';
import { maySee } from './preview-app.ts';
import { HttpProblem } from './problem.ts';

/** @throws Error for a route that does not say who may call it, or what it is for: an open door is never the default */
export function requireStatedAccess(route: RouteOptions): void {
  if (route.config?.access === undefined) {
    throw new Error(`route ${String(route.method)} ${route.url} does not state who may call it`);
  }
  if (route.url.startsWith('/api/') && route.config.summary === undefined) {
    throw new Error(`route ${route.url} does not state its summary`);
  }
  if (route.config.camera === true && !route.url.includes('/:cameraId')) {
    throw new Error(`route ${route.url} checks a camera and names none`);
  }
}

/**
 * Refuses whoever may not call the route.
 * @throws HttpProblem 401 without a user, 403 with one of too low a role, 404 for a camera that is not theirs to see
 */
export function checkAccess(request: FastifyRequest, parts: Pick<PreviewParts, 'cameras'>): void {
  if (request.is404) return;
  const { access, camera } = request.routeOptions.config;
  const { user } = request;
  if (access === undefined) throw new HttpProblem(403, 'this route is open to nobody');
  if (access !== 'public') {
    if (user === null) {
      throw new HttpProblem(401, 'log in first, or send a token', {
        headers: { 'www-authenticate': 'Bearer realm="ocellus"' },
      });
    }
    if (rank(user.role) < rank(access)) {
      throw new HttpProblem(403, `this takes the role ${access}; ${user.name} is ${user.role}`);
    }
  }
  if (camera === true) checkCamera(request, parts);
}

function checkCamera(request: FastifyRequest, { cameras }: Pick<PreviewParts, 'cameras'>): void {
  const { cameraId } = request.params as { cameraId: string };
  // The same words for both: who may not see a camera learns nothing of it.
  if (!cameras.has(cameraId) || !maySee(request.user, cameraId)) {
    throw new HttpProblem(404, 'there is no such camera, or it is not yours to see');
  }
}

function rank(role: Role): number {
  return ROLES.indexOf(role);
}
