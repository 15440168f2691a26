import type { RouteOptions } from 'fastify';
import { z } from 'zod';
import { version } from '../../base/version.ts';
import { domainEventSchema } from '../../flow/domain-event.ts';
import { problemSchema } from '../server/problem.ts';
import { cameraReportSchema } from './cameras.ts';

type Json = Readonly<Record<string, unknown>>;

/** Schemas that are described once, by name. */
const COMPONENTS: readonly (readonly [name: string, schema: z.ZodType])[] = [
  ['Problem', problemSchema],
  ['DomainEvent', domainEventSchema],
  ['Camera', cameraReportSchema],
];

/** The descriptions that schemas have anyway, and the names of those that are referred to. */
const withNames = z.registry<Record<string, unknown>>();
withNames.get = (schema) => {
  const id = COMPONENTS.find(([, component]) => (component as unknown) === schema)?.[0];
  const meta = z.globalRegistry.get(schema);
  return (id === undefined ? meta : { ...meta, id }) as ReturnType<typeof withNames.get>;
};

/** What is wrong with a request, by status, wherever it can happen. */
const ANYWHERE: Readonly<Record<string, string>> = {
  400: 'The address or the query is not valid',
  403: 'Not allowed: the role is too low, or the request comes from the page of another site',
  421: 'The device does not answer to that name',
};

/** Describes routes as OpenAPI 3.1, from the zod schemas that check their requests. */
export function openApi(routes: readonly RouteOptions[]): Json {
  const paths: Record<string, Record<string, Json>> = {};
  for (const route of routes) {
    if (route.config?.summary === undefined) continue;
    const path = route.url.replaceAll(/:(\w+)/g, '{$1}');
    for (const method of [route.method].flat()) {
      paths[path] = { ...paths[path], [method.toLowerCase()]: operation(route) };
    }
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Ocellus',
      version,
      description:
        'Cameras, objects, events and configuration of one device. docs/guide/http-api.md explains it.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    paths,
    components: {
      schemas: Object.fromEntries(
        COMPONENTS.map(([name, schema]) => [name, jsonSchema(schema, 'output', z.globalRegistry)]),
      ),
      securitySchemes: {
        session: { type: 'apiKey', in: 'cookie', name: 'ocellus_session' },
        token: { type: 'http', scheme: 'bearer' },
      },
    },
  };
}

function operation({ config, schema = {}, url }: RouteOptions): Json {
  const { access, summary, produces } = config ?? {};
  const isPublic = access === 'public';
  const body = asZod(schema.body);
  return {
    summary,
    'x-access': access,
    ...(config?.camera === true && { 'x-camera': true }),
    parameters: [
      ...parameters(
        'path',
        asZod(schema.params),
        [...url.matchAll(/:(\w+)/g)].map(([, name = '']) => name),
      ),
      ...parameters('query', asZod(schema.querystring), []),
    ],
    ...(body !== undefined && {
      requestBody: { required: true, content: { 'application/json': { schema: jsonSchema(body, 'input') } } },
    }),
    responses: {
      ...replies(schema.response, produces),
      ...Object.fromEntries(Object.entries(ANYWHERE).map(([status, text]) => [status, problem(text)])),
      ...(!isPublic && { 401: problem('Nobody is logged in, or the token is not valid') }),
      ...(config?.camera === true && { 404: problem('There is no such camera, or it is not yours to see') }),
      ...(body !== undefined && { 422: problem('The content is not valid') }),
    },
    security: isPublic ? [] : [{ session: [] }, { token: [] }],
  };
}

function replies(response: unknown, produces: string | undefined): Json {
  if (produces !== undefined) return { 200: { description: 'Done', content: { [produces]: {} } } };
  const byStatus = (response ?? {}) as Readonly<Record<string, unknown>>;
  const known = Object.entries(byStatus).map(([status, schema]) => {
    const zod = asZod(schema);
    const isEmpty = zod === undefined || zod instanceof z.ZodUndefined;
    const content = isEmpty ? {} : { content: { 'application/json': { schema: jsonSchema(zod, 'output') } } };
    return [status, { description: Number(status) < 400 ? 'Done' : 'Not now', ...content }];
  });
  return known.length === 0 ? { 200: { description: 'Done' } } : Object.fromEntries(known);
}

function problem(description: string): Json {
  const schema = { $ref: '#/components/schemas/Problem' };
  return { description, content: { 'application/problem+json': { schema } } };
}

/** @param names that the address holds, described or not */
function parameters(
  place: 'path' | 'query',
  schema: z.ZodType | undefined,
  names: readonly string[],
): Json[] {
  const described = (schema === undefined ? {} : jsonSchema(schema, 'input')) as {
    readonly properties?: Readonly<Record<string, Json>>;
    readonly required?: readonly string[];
  };
  const all = new Map<string, Json>(names.map((name) => [name, { type: 'string' }]));
  for (const [name, property] of Object.entries(described.properties ?? {})) all.set(name, property);
  return [...all].map(([name, { description, ...property }]) => ({
    name,
    in: place,
    required: place === 'path' || (described.required?.includes(name) ?? false),
    ...(description !== undefined && { description }),
    schema: property,
  }));
}

function jsonSchema(schema: z.ZodType, io: 'input' | 'output', metadata: object = withNames): Json {
  // What JSON Schema cannot say (a transformation, a Date) is left open.
  const whole = z.toJSONSchema(schema, {
    io,
    unrepresentable: 'any',
    metadata: metadata as typeof z.globalRegistry,
  });
  const { $schema: _dialect, $defs: _components, ...rest } = whole;
  return JSON.parse(JSON.stringify(rest).replaceAll('#/$defs/', '#/components/schemas/')) as Json;
}

function asZod(schema: unknown): z.ZodType | undefined {
  return schema instanceof z.ZodType ? schema : undefined;
}
