import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { version } from '../../base/version.ts';
import { ROLES } from '../../config/http-schema.ts';
import type { Authenticator } from '../auth/authenticator.ts';
import { cookieOf, SESSION_COOKIE, sessionCookie } from '../auth/cookie.ts';
import type { Login } from '../auth/login.ts';
import type { PreviewParts } from '../ports.ts';
import type { PreviewApp, PreviewUser } from '../server/preview-app.ts';
import { HttpProblem } from '../server/problem.ts';

const MAX_PASSWORD_CHARACTERS = 1_024;

const sessionSchema = z.strictObject({
  authentication: z.enum(['none', 'password']).describe('none: the device is open to its own machine only'),
  user: z
    .strictObject({
      name: z.string(),
      role: z.enum(ROLES),
      cameras: z.array(z.string()).describe('Cameras that they may see; "*": all'),
    })
    .nullable()
    .describe('Null: nobody is logged in'),
  deviceId: z.string(),
  version: z.string(),
});

const credentialsSchema = z.strictObject({
  user: z.string().min(1).max(64),
  password: z.string().min(1).max(MAX_PASSWORD_CHARACTERS),
});

/** Logging in and out. */
export function sessionRoutes(
  app: PreviewApp,
  { config }: PreviewParts,
  authenticator: Authenticator,
  login: Login,
): void {
  const { sessions } = authenticator;
  const session = (user: PreviewUser | null): z.infer<typeof sessionSchema> => ({
    authentication: authenticator.authentication,
    user: user === null ? null : { ...user, cameras: [...user.cameras] },
    deviceId: config.device.id,
    version,
  });
  const endOwn = ({ headers }: FastifyRequest) => {
    const id = cookieOf(headers.cookie, SESSION_COOKIE);
    if (id !== undefined) sessions.end(id);
  };

  app.get(
    '/api/session',
    {
      config: { access: 'public', summary: 'Who is logged in' },
      schema: { response: { 200: sessionSchema } },
    },
    (request) => session(request.user),
  );

  app.post(
    '/api/session',
    {
      config: { access: 'public', summary: 'Log in: sets the session cookie' },
      schema: { body: credentialsSchema, response: { 200: sessionSchema } },
    },
    async (request, reply) => {
      if (authenticator.authentication === 'none') {
        throw new HttpProblem(409, 'there is nothing to log in to: the device asks for no password');
      }
      const { user: name, password } = request.body;
      await login.check(name, password, request.ip);
      const user = authenticator.user(name);
      if (user === undefined) throw new Error(`user ${name} has a password and no entry`);
      // Whatever was in the browser before is of no use to anybody afterwards.
      endOwn(request);
      reply.header('set-cookie', sessionCookie(sessions.begin(name), request.protocol === 'https'));
      return session(user);
    },
  );

  app.delete(
    '/api/session',
    { config: { access: 'viewer', summary: 'Log out' }, schema: { response: { 204: z.undefined() } } },
    async (request, reply) => {
      endOwn(request);
      reply.header('set-cookie', sessionCookie('', request.protocol === 'https'));
      return reply.code(204).send();
    },
  );
}
