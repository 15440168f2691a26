import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { OcellusError } from '../../base/errors.ts';
import { redactUrl } from '../../base/log.ts';
import { lineSchema, motionSchema, objectSchema, zoneSchema } from '../../config/camera-schema.ts';
import { identifier, polygon } from '../../config/schema-parts.ts';
import type { EditOutcome, PreviewParts } from '../ports.ts';
import { maySee, type PreviewApp, type PreviewUser } from '../server/preview-app.ts';
import { HttpProblem, type ProblemIssue } from '../server/problem.ts';

const MAX_PLACES = 64;

const revision = z.string().regex(/^[0-9a-f]{16}$/, 'use a revision of a reply');
const limited = <T extends z.ZodType>(of: z.ZodRecord<z.ZodString, T>) =>
  of.refine((places) => Object.keys(places).length <= MAX_PLACES, `at most ${MAX_PLACES}`);

const { sensitivity, heartbeatMs } = motionSchema.shape;

const editSchema = z
  .strictObject({
    zones: limited(z.record(identifier, zoneSchema)).optional().describe('All zones of the camera'),
    lines: limited(z.record(identifier, lineSchema)).optional().describe('All lines of the camera'),
    masks: z.array(polygon).max(MAX_PLACES).optional().describe('All areas whose motion does not count'),
    objects: limited(z.record(z.string().min(1).max(64), objectSchema))
      .optional()
      .describe('All labels that are reported, with their thresholds; empty: every label'),
    motion: z
      .strictObject({
        sensitivity: sensitivity.unwrap().optional(),
        heartbeatMs: heartbeatMs.unwrap().optional(),
      })
      .optional()
      .describe('Thresholds of the motion gate'),
  })
  .describe('Each section that is given takes the place of the one there');

const editedSchema = z.strictObject({
  revision,
  restartNeeded: z
    .boolean()
    .describe('The file says something that the running program takes over only at its next start'),
});

const revisionsSchema = z.strictObject({
  current: revision,
  revisions: z
    .array(z.strictObject({ revision, atMs: z.int().describe('When it was kept, ms since the epoch') }))
    .describe('Newest first'),
});

/** The configuration: reading it, editing what a running camera takes over, and going back. */
export function configRoutes(app: PreviewApp, { config, editor }: PreviewParts): void {
  app.get(
    '/api/config',
    {
      config: { access: 'operator', summary: 'The configuration in force, without secrets' },
      schema: {
        response: {
          200: z.strictObject({
            revision: revision.nullable().describe('Of the file, for If-Match; null: it cannot be edited'),
            config: z.record(z.string(), z.unknown()).describe('As docs/reference/configuration.md says'),
          }),
        },
      },
    },
    async ({ user }, reply) => {
      const current = await editor.revision().catch(() => null);
      if (current !== null) reply.header('etag', `"${current}"`);
      return { revision: current, config: masked(config, user) };
    },
  );

  app.patch(
    '/api/config/cameras/:cameraId',
    {
      config: {
        access: 'operator',
        camera: true,
        summary: "Edit a camera's zones, lines, masks and thresholds",
      },
      schema: {
        params: z.strictObject({ cameraId: z.string() }),
        body: editSchema,
        response: { 200: editedSchema },
      },
    },
    async (request, reply) => {
      const { masks, motion, ...sections } = request.body;
      const { cameraId } = request.params;
      const edit = {
        ...sections,
        motion:
          masks === undefined && motion === undefined ? undefined : { ...motion, ...(masks && { masks }) },
      };
      const outcome = await issuesTold(`cameras.${cameraId}.`, () =>
        editor.editCamera(cameraId, expectedOf(request), edit),
      );
      const done = doneOf(outcome);
      reply.header('etag', `"${done.revision}"`);
      return done;
    },
  );

  app.get(
    '/api/config/revisions',
    {
      config: { access: 'admin', summary: 'Earlier texts of the configuration file' },
      schema: { response: { 200: revisionsSchema } },
    },
    async () => ({ current: await editor.revision(), revisions: [...(await editor.revisions())] }),
  );

  app.post(
    '/api/config/revisions/:revision/restore',
    {
      config: { access: 'admin', summary: 'Go back to an earlier text of the configuration file' },
      schema: { params: z.strictObject({ revision }), response: { 200: editedSchema } },
    },
    async (request, reply) => {
      const outcome = await issuesTold('', () =>
        editor.restore(request.params.revision, expectedOf(request)),
      );
      const done = doneOf(outcome);
      reply.header('etag', `"${done.revision}"`);
      return done;
    },
  );
}

/** The revision that an edit starts from, by `If-Match`. @throws HttpProblem 428 without */
function expectedOf({ headers }: FastifyRequest): string {
  const expected = /^"?([0-9a-f]{16})"?$/.exec(headers['if-match'] ?? '')?.[1];
  if (expected !== undefined) return expected;
  throw new HttpProblem(428, 'an edit takes the header If-Match with the revision that it starts from', {
    hint: 'GET /api/config tells it',
  });
}

function doneOf(outcome: EditOutcome): z.infer<typeof editedSchema> {
  switch (outcome.kind) {
    case 'done':
      return { revision: outcome.revision, restartNeeded: outcome.restartNeeded };
    case 'stale':
      throw new HttpProblem(412, 'the configuration was changed meanwhile', {
        hint: 'load it again and edit that',
      });
    case 'unknown':
      throw new HttpProblem(404, 'this revision is not kept');
  }
}

/** Runs an edit; what the configuration's checks find becomes issues, with paths as in the body. */
async function issuesTold(prefix: string, edit: () => Promise<EditOutcome>): Promise<EditOutcome> {
  try {
    return await edit();
  } catch (error) {
    if (!(error instanceof OcellusError)) throw error;
    if (error.code === 'io_failed') throw new HttpProblem(503, error.message, { hint: error.hint });
    if (error.code !== 'config_invalid') throw error;
    const issues = error.issues.map(({ path, message, hint }): ProblemIssue => {
      const own = path.startsWith(prefix)
        ? path.slice(prefix.length).replace(/^motion\.masks/, 'masks')
        : path;
      return { path: own, message, ...(hint !== undefined && { hint }) };
    });
    throw new HttpProblem(422, 'the configuration would not be sound', { issues });
  }
}

/** What somebody may read of the configuration: no secrets, and only cameras that they may see. */
function masked(config: PreviewParts['config'], user: PreviewUser | null): Record<string, unknown> {
  const cameras = Object.fromEntries(
    Object.entries(config.cameras).filter(([cameraId]) => maySee(user, cameraId)),
  );
  return mask({ ...config, cameras }) as Record<string, unknown>;
}

/** Keys whose value is a secret wherever it stands. Secrets are taken out when a file is loaded: this is the second lock. */
const SECRET_KEY = /^(password|passwordHash|tokenHash|credential)$/;

function mask(value: unknown): unknown {
  if (typeof value === 'string') return /\b(authorization|cookie):/i.test(value) ? '***' : redactUrl(value);
  if (Array.isArray(value)) return value.map(mask);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, SECRET_KEY.test(key) ? '***' : mask(item)]),
  );
}
