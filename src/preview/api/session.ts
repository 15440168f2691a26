import { z } from 'zod';
import { version } from '../../base/version.ts';
import type { PreviewParts } from '../ports.ts';
import { type PreviewApp, ROLES } from '../server/preview-app.ts';

export const sessionSchema = z.strictObject({
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

/** Who is logged in. */
export function sessionRoutes(app: PreviewApp, { config }: PreviewParts): void {
  app.get(
    '/api/session',
    {
      config: { access: 'public', summary: 'Who is logged in' },
      schema: { response: { 200: sessionSchema } },
    },
    (request) => ({
      authentication: 'none' as const,
      user: request.user === null ? null : { ...request.user, cameras: [...request.user.cameras] },
      deviceId: config.device.id,
      version,
    }),
  );
}
