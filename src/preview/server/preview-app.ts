import type {
  FastifyBaseLogger,
  FastifyInstance,
  FastifyTypeProvider,
  RawReplyDefaultExpression,
  RawRequestDefaultExpression,
  RawServerDefault,
} from 'fastify';
import type { z } from 'zod';
import type { Role } from '../../config/http-schema.ts';
import type { PreviewParts } from '../ports.ts';

/** Types of a route's parameters, query, body and reply are those of its zod schemas. */
export interface ZodProvider extends FastifyTypeProvider {
  readonly validator: this['schema'] extends z.ZodType ? z.output<this['schema']> : unknown;
  readonly serializer: this['schema'] extends z.ZodType ? z.input<this['schema']> : unknown;
}

export type PreviewApp = FastifyInstance<
  RawServerDefault,
  RawRequestDefaultExpression<RawServerDefault>,
  RawReplyDefaultExpression<RawServerDefault>,
  FastifyBaseLogger,
  ZodProvider
>;

/** Adds its routes. Each states `config: { access, summary }`. */
export type RoutePlugin = (app: PreviewApp, parts: PreviewParts) => void;

export type Access = 'public' | Role;

/** Somebody who may use the API. */
export interface PreviewUser {
  readonly name: string;
  readonly role: Role;
  /** Cameras that they may see; `*`: all. */
  readonly cameras: readonly string[];
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Who may call the route. A route that does not say is refused at start. */
    access?: Access;
    /** The parameter `cameraId` must name a camera that the caller may see. */
    camera?: true;
    /** What it is for, in the API's description. Only files of the page have none. */
    summary?: string;
    /** Media type of a reply that is not JSON. */
    produces?: string;
  }
  interface FastifyRequest {
    /** Null where nobody has logged in and the route is public. */
    user: PreviewUser | null;
    /** Aborts when the user is logged out: streams to them end then. Null: they never are. */
    loggedOut: AbortSignal | null;
  }
}

/** True when the user may see the camera. */
export function maySee(user: PreviewUser | null, cameraId: string): boolean {
  return user !== null && (user.cameras.includes('*') || user.cameras.includes(cameraId));
}
