import { DomainError } from '#experiments';

export interface FieldError {
  /** JSON pointer (RFC 6901) of the offending field. */
  readonly pointer: string;
  readonly code: string;
  readonly message: string;
}

/** An error that the client should read: becomes an RFC 9457 problem document. */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    readonly detail: string,
    readonly errors: readonly FieldError[] = [],
    readonly headers: Readonly<Record<string, string>> = {},
  ) {
    super(detail);
  }

  static notFound(what: string, key: string): Problem {
    return new Problem(404, 'not_found', `${what} "${key.slice(0, 128)}" does not exist`);
  }

  static invalid(pointer: string, code: string, message: string): Problem {
    return new Problem(400, 'invalid_request', `${pointer}: ${message}`, [{ pointer, code, message }]);
  }

  static conflict(code: string, detail: string): Problem {
    return new Problem(409, code, detail);
  }
}

const TITLES: Readonly<Record<number, string>> = {
  400: 'Bad request',
  401: 'Not authenticated',
  403: 'Not allowed',
  404: 'Not found',
  405: 'Method not allowed',
  409: 'Conflict',
  412: 'Changed meanwhile',
  413: 'Too large',
  415: 'Unsupported media type',
  422: 'Not possible',
  428: 'If-Match required',
  429: 'Too many requests',
  431: 'Headers too large',
  500: 'Internal error',
  503: 'Unavailable',
};

export interface ProblemDocument {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  readonly instance: string;
  readonly errors: readonly FieldError[];
}

/** Codes of domain errors that mean a conflict with the present state rather than bad input. */
const CONFLICTS = new Set([
  'duplicate_key',
  'invalid_transition',
  'layer_full',
  'layer_overlap',
  'layer_unit_type',
  'immutable_field',
]);

export function problemFrom(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof DomainError) return problemOfDomain(error);
  const known = error as { getStatus?: () => number; statusCode?: number; code?: string; message?: string };
  const status = known.getStatus?.() ?? known.statusCode ?? databaseStatus(known.code) ?? 500;
  if (status < 500) return new Problem(status, codeFor(status), (known.message ?? '').slice(0, 500));
  if (status === 503) {
    return new Problem(
      503,
      'unavailable',
      'A service that this request needs is unavailable; try again.',
      [],
      { 'retry-after': '2' },
    );
  }
  return new Problem(
    status,
    'internal',
    'Something went wrong on our side; quote the instance when you report it.',
  );
}

function problemOfDomain(error: DomainError): Problem {
  const errors = error.pointer ? [{ pointer: error.pointer, code: error.code, message: error.message }] : [];
  const status = CONFLICTS.has(error.code) ? 409 : error.code === 'not_ready' ? 422 : 400;
  return new Problem(status, error.code, error.message, errors);
}

function codeFor(status: number): string {
  const codes: Readonly<Record<number, string>> = {
    400: 'invalid_request',
    401: 'unauthenticated',
    403: 'forbidden',
    404: 'not_found',
    405: 'method_not_allowed',
    413: 'too_large',
    415: 'unsupported_media_type',
    429: 'too_many_requests',
  };
  return codes[status] ?? 'invalid_request';
}

/** Connection failures and collisions are "try again", not bugs. */
function databaseStatus(code: string | undefined): number | undefined {
  if (!code) return undefined;
  const unavailable = [
    'ECONNREFUSED',
    'ECONNRESET',
    'ETIMEDOUT',
    'EPIPE',
    '57P01',
    '57P02',
    '57P03',
    '53300',
    // A transaction that another one got in the way of: deadlock, serialisation, lock time-out.
    '40P01',
    '40001',
    '55P03',
    '08006',
    '08001',
    '25006',
  ];
  if (unavailable.includes(code)) return 503;
  if (code === '22P05' || code === '22021' || code === '22P02' || code === '22003') return 400;
  return undefined;
}

export function problemDocument(problem: Problem, instance: string): ProblemDocument {
  return {
    type: `https://marquee.dev/problems/${problem.code}`,
    title: TITLES[problem.status] ?? 'Error',
    status: problem.status,
    code: problem.code,
    detail: problem.detail,
    instance,
    errors: problem.errors,
  };
}
