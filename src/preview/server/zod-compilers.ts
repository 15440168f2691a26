import type { FastifySchemaCompiler, FastifySerializerCompiler } from 'fastify/types/schema.js';
import type { z } from 'zod';
import { HttpProblem, type ProblemIssue } from './problem.ts';

/** Checks parameters, queries and bodies by their zod schemas: 400 for an address, 422 for a body that cannot be. */
export const zodValidator: FastifySchemaCompiler<z.ZodType> = ({ schema, httpPart }) => {
  const status = httpPart === 'body' ? 422 : 400;
  return (data: unknown) => {
    const result = schema.safeParse(data);
    if (result.success) return { value: result.data };
    return {
      error: new HttpProblem(status, `the ${PARTS[httpPart ?? ''] ?? 'request'} is not valid`, {
        issues: result.error.issues.map(issueOf),
      }),
    };
  };
};

/** Replies are what their routes' types say, which tests hold: checking each again would only cost time. */
export const zodSerializer: FastifySerializerCompiler<z.ZodType> = () => (data) => JSON.stringify(data);

const PARTS: Readonly<Record<string, string>> = {
  body: 'content',
  querystring: 'query',
  params: 'address',
  headers: 'headers',
};

function issueOf(issue: z.core.$ZodIssue): ProblemIssue {
  return { path: issue.path.map(String).join('.'), message: issue.message };
}
