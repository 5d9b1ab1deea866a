import { overrideFor } from './override.js';
import { currentKey, refuse } from './session.js';

export interface FieldError {
  /** JSON pointer into the request body, e.g. `/arms/1/weight`. */
  pointer: string;
  code: string;
  message: string;
}

/** A problem+json answer, or a request that got no answer (`status` 0). */
export class ApiError extends Error {
  override readonly name = 'ApiError';

  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly fields: readonly FieldError[] = [],
    readonly requestId: string | null = null,
  ) {
    super(message);
  }
}

export interface RequestOptions {
  method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  body?: unknown;
  /** Version for If-Match: a change by somebody else in between is refused with 412. */
  version?: number | undefined;
  signal?: AbortSignal | undefined;
}

function headersFor(path: string, options: RequestOptions): Headers {
  const headers = new Headers({ accept: 'application/json' });
  const key = currentKey();
  if (key !== null) headers.set('authorization', `Bearer ${key}`);
  if (options.body !== undefined) headers.set('content-type', 'application/json');
  if (options.version !== undefined) headers.set('if-match', `"${options.version}"`);
  const reason = (options.method ?? 'GET') === 'GET' ? null : overrideFor(path);
  // Headers hold no more than Latin letters.
  if (reason !== null) headers.set('marquee-override', encodeURIComponent(reason));
  return headers;
}

interface Problem {
  title?: unknown;
  detail?: unknown;
  code?: unknown;
  instance?: unknown;
  errors?: unknown;
}

function fieldErrors(errors: unknown): FieldError[] {
  if (!Array.isArray(errors)) return [];
  return errors.map((entry: Partial<FieldError>) => ({
    pointer: String(entry.pointer ?? ''),
    code: String(entry.code ?? ''),
    message: String(entry.message ?? ''),
  }));
}

async function problemOf(response: Response): Promise<ApiError> {
  const problem = (await response.json().catch(() => ({}))) as Problem;
  const message = String(problem.detail ?? problem.title ?? `The API answered ${response.status}.`);
  const requestId = typeof problem.instance === 'string' ? problem.instance : null;
  const code = String(problem.code ?? `http_${response.status}`);
  return new ApiError(response.status, code, message, fieldErrors(problem.errors), requestId);
}

async function answered(path: string, options: RequestOptions): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(path, {
      method: options.method ?? 'GET',
      headers: headersFor(path, options),
      ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }),
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    });
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error;
    throw new ApiError(0, 'unreachable', 'The API does not answer.');
  }
  if (response.status === 401) refuse();
  if (!response.ok) throw await problemOf(response);
  return response;
}

/**
 * One request to the API on this origin.
 * @throws ApiError for every answer other than 2xx, and with status 0 when there was none.
 */
export async function request<T>(path: string, options: RequestOptions = {}): Promise<T> {
  const response = await answered(path, options);
  if (response.status === 204) return undefined as T;
  return (await response.json()) as T;
}

/**
 * An answer that is a file, with the name that the API gives it.
 * @throws ApiError as `request` does.
 */
export async function requestFile(path: string): Promise<{ name: string; data: Blob }> {
  const response = await answered(path, {});
  const named = /filename="([^"]+)"/.exec(response.headers.get('content-disposition') ?? '');
  return { name: named?.[1] ?? 'export', data: await response.blob() };
}

/** Query string of the parameters that are set, with a leading `?`; empty without any. */
export function query(
  params: Readonly<Record<string, string | number | boolean | null | undefined>>,
): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(params)) {
    if (value !== undefined && value !== null && value !== '') search.set(name, String(value));
  }
  const text = search.toString();
  return text === '' ? '' : `?${text}`;
}

/** One path segment, escaped. */
export function segment(value: string): string {
  return encodeURIComponent(value);
}
