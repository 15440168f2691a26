import type { RouteOptions } from 'fastify';
import { z } from 'zod';
import type { PreviewApp } from '../server/preview-app.ts';
import { openApi } from './api-description.ts';

/** The API's own description. @param routes all of them, once they are known */
export function openApiRoutes(app: PreviewApp, routes: readonly RouteOptions[]): void {
  let description: Readonly<Record<string, unknown>> | undefined;
  app.get(
    '/api/openapi.json',
    {
      config: { access: 'viewer', summary: 'This description (OpenAPI 3.1)' },
      schema: { response: { 200: z.record(z.string(), z.unknown()) } },
    },
    () => {
      description ??= openApi(routes);
      return { ...description };
    },
  );
}
