import type { FastifyReply, FastifyRequest } from 'fastify';
import type { PageFile } from '../server/page-files.ts';
import type { PreviewApp } from '../server/preview-app.ts';
import { HttpProblem } from '../server/problem.ts';

/** The page: its files are public, what they show is not. */
export function pageRoutes(app: PreviewApp, files: ReadonlyMap<string, PageFile>): void {
  const send = (request: FastifyRequest, reply: FastifyReply, address: string) => {
    const file = files.get(address);
    if (file === undefined) {
      throw new HttpProblem(404, 'the page is not part of this installation; the API is under /api', {
        hint: 'npm run build builds it',
      });
    }
    reply
      .header('etag', file.etag)
      .header('cache-control', file.immutable ? 'public, max-age=31536000, immutable' : 'no-cache');
    if (request.headers['if-none-match'] === file.etag) return reply.code(304).send();
    return reply.type(file.type).send(file.body);
  };
  app.get('/', { config: { access: 'public' } }, (request, reply) => send(request, reply, '/index.html'));
  for (const address of files.keys()) {
    app.get(address, { config: { access: 'public' } }, (request, reply) => send(request, reply, address));
  }
}
