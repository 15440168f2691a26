import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { explain, messageOf, OcellusError } from '../../base/errors.ts';
import type { Logger } from '../../base/log.ts';

const issueSchema = z.strictObject({
  path: z.string().describe('Where in what was sent, such as zones.drive.polygon'),
  message: z.string(),
  hint: z.string().optional().describe('What to try'),
});

/** Body of every error (RFC 9457). */
export const problemSchema = z
  .strictObject({
    title: z.string(),
    status: z.int(),
    detail: z.string().describe('What failed, for people'),
    hint: z.string().optional().describe('What to try'),
    issues: z.array(issueSchema).optional().describe('Everything that is wrong with what was sent'),
  })
  .describe('What went wrong');

export type ProblemIssue = z.infer<typeof issueSchema>;

interface ProblemDetails {
  readonly hint?: string | undefined;
  readonly issues?: readonly ProblemIssue[];
  readonly headers?: Readonly<Record<string, string>>;
}

/** Thrown by a route or a hook, becomes the reply. */
export class HttpProblem extends Error {
  override readonly name = 'HttpProblem';
  readonly status: number;
  readonly details: ProblemDetails;

  /** @param status of HTTP, 400 to 599 */
  constructor(status: number, message: string, details: ProblemDetails = {}) {
    super(message);
    this.status = status;
    this.details = details;
  }
}

const TITLES: Readonly<Record<number, string>> = {
  400: 'Bad request',
  401: 'Not logged in',
  403: 'Not allowed',
  404: 'Not found',
  405: 'Method not allowed',
  406: 'Not acceptable',
  408: 'Too slow',
  409: 'Conflict',
  412: 'Changed meanwhile',
  413: 'Too large',
  414: 'Address too long',
  415: 'Unsupported media type',
  416: 'Range not satisfiable',
  421: 'Wrong host',
  422: 'Invalid content',
  428: 'Precondition required',
  429: 'Too many requests',
  500: 'Internal error',
  503: 'Not available now',
};

/** Replies with a problem. */
export function sendProblem(reply: FastifyReply, problem: HttpProblem): FastifyReply {
  const { status, message, details } = problem;
  const body: z.infer<typeof problemSchema> = {
    title: TITLES[status] ?? 'Error',
    status,
    detail: message,
    ...(details.hint !== undefined && { hint: details.hint }),
    ...(details.issues !== undefined && { issues: [...details.issues] }),
  };
  for (const [name, value] of Object.entries(details.headers ?? {})) reply.header(name, value);
  return reply
    .code(status)
    .type('application/problem+json')
    .serializer((payload: unknown) => JSON.stringify(payload))
    .send(body);
}

/** Turns anything thrown into a problem. What is not meant for callers is logged and told as an internal error. */
export function problemOf(thrown: unknown, request: FastifyRequest, log: Logger): HttpProblem {
  if (thrown instanceof HttpProblem) return thrown;
  if (thrown instanceof OcellusError && thrown.code === 'deadline_exceeded') {
    return new HttpProblem(503, thrown.message, { hint: thrown.hint, headers: { 'retry-after': '5' } });
  }
  if (thrown instanceof OcellusError && thrown.code === 'data_invalid') {
    return new HttpProblem(422, thrown.message, { hint: thrown.hint });
  }
  const status = (thrown as { statusCode?: unknown }).statusCode;
  if (typeof status === 'number' && status >= 400 && status < 500) {
    return new HttpProblem(status, messageOf(thrown));
  }
  log.error(
    { error: explain(thrown), method: request.method, route: request.routeOptions.url },
    'request failed',
  );
  return new HttpProblem(500, 'the request failed for a reason that is in the log');
}
