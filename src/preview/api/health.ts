import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import type { PartState, PreviewParts } from '../ports.ts';
import type { PreviewApp } from '../server/preview-app.ts';

const healthSchema = z.strictObject({
  ok: z.boolean(),
  parts: z.array(z.strictObject({ part: z.string(), ok: z.boolean(), detail: z.string().nullable() })),
});

/**
 * For whoever watches the program. `/healthz`: would a restart help; `/readyz`: does every part do its work. Cameras are no
 * part of it: one that is unplugged is told at its own place. Details are for those who are logged in.
 */
export function healthRoutes(app: PreviewApp, { partStates }: PreviewParts): void {
  const answer = (reply: FastifyReply, isOk: (part: PartState) => boolean, tellsWhy: boolean) => {
    const parts = partStates().map((state) => ({
      part: state.part,
      ok: isOk(state),
      detail: tellsWhy ? state.detail : null,
    }));
    const ok = parts.every((part) => part.ok);
    reply.code(ok ? 200 : 503);
    return { ok, parts };
  };
  const response = { 200: healthSchema, 503: healthSchema };
  app.get(
    '/healthz',
    { config: { access: 'public', summary: 'Whether a restart would help' }, schema: { response } },
    (request, reply) => answer(reply, ({ dead }) => !dead, request.user !== null),
  );
  app.get(
    '/readyz',
    { config: { access: 'public', summary: 'Whether every part does its work' }, schema: { response } },
    (request, reply) => answer(reply, ({ ready }) => ready, request.user !== null),
  );
}
