import type { Problem } from './contract.ts';

/** An answer that is none, in the server's own words. */
export class RequestError extends Error {
  readonly problem: Problem;
  /** Seconds the server asks to wait, if it does. */
  readonly retryAfterS: number | undefined;

  constructor(problem: Problem, retryAfterS?: number) {
    super(problem.detail ?? problem.title);
    this.problem = problem;
    this.retryAfterS = retryAfterS;
  }

  /** 0: the server was not reached. */
  get status(): number {
    return this.problem.status;
  }
}

export interface RequestOptions {
  readonly method?: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  readonly json?: unknown;
  /** Sent as it is. */
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

type Listener = () => void;
const onUnauthorized = new Set<Listener>();

/** Hears of every 401: the session has ended, and who looks at the page must log in. */
export function whenUnauthorized(listener: Listener): void {
  onUnauthorized.add(listener);
}

/**
 * Calls the API.
 * @param path from the root of the server, `/api/cameras` for example
 * @throws RequestError for what is no 2xx, and for a server that is not there
 */
export async function request(path: string, options: RequestOptions = {}): Promise<Response> {
  const { method = 'GET', json, body, headers = {}, signal } = options;
  let response: Response;
  try {
    response = await fetch(path, {
      method,
      headers: { ...(json !== undefined && { 'content-type': 'application/json' }), ...headers },
      ...(json !== undefined && { body: JSON.stringify(json) }),
      ...(body !== undefined && { body }),
      ...(signal && { signal }),
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new RequestError({ title: 'The device does not answer.', status: 0 });
  }
  if (response.ok) return response;
  const problem = await problemOf(response);
  if (response.status === 401 && path !== '/api/session') for (const listener of onUnauthorized) listener();
  const retryAfter = Number(response.headers.get('retry-after') ?? Number.NaN);
  throw new RequestError(problem, Number.isFinite(retryAfter) ? retryAfter : undefined);
}

/** As `request`, and reads the JSON of the answer, whose shape the server's own tests hold. */
export async function requestJson<T>(path: string, options: RequestOptions = {}): Promise<T> {
  return (await (await request(path, options)).json()) as T;
}

/** What to tell a person about an error. */
export function describeError(error: unknown): string {
  if (error instanceof RequestError) {
    const { hint } = error.problem;
    return hint === undefined ? error.message : `${error.message} (${hint})`;
  }
  return error instanceof Error ? error.message : String(error);
}

async function problemOf(response: Response): Promise<Problem> {
  const fallback = { title: response.statusText || `status ${response.status}`, status: response.status };
  if (!/json/.test(response.headers.get('content-type') ?? '')) return fallback;
  const body: unknown = await response.json().catch(() => undefined);
  return typeof body === 'object' && body !== null ? { ...fallback, ...body } : fallback;
}
