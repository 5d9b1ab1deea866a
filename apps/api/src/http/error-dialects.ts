import { problemDocument } from './problem.js';
import type { Problem } from './problem.js';

/** An error as a protocol of others wants to read it. */
export interface ErrorAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
}

const JSON_TYPE = 'application/json; charset=utf-8';
const PROBLEM_TYPE = 'application/problem+json; charset=utf-8';

/** Codes of OFREP, by our own. */
const OFREP_CODES: Readonly<Record<string, string>> = {
  flag_not_found: 'FLAG_NOT_FOUND',
  targeting_key_missing: 'TARGETING_KEY_MISSING',
  parse_error: 'PARSE_ERROR',
  malformed_json: 'PARSE_ERROR',
  malformed_utf8: 'PARSE_ERROR',
  invalid_request: 'INVALID_CONTEXT',
};
const FLAG_KEY = /^\/ofrep\/v1\/evaluate\/flags\/([^/?]+)/;

function flagKey(url: string): { readonly key?: string } {
  const raw = FLAG_KEY.exec(url)?.[1];
  if (raw === undefined) return {};
  try {
    return { key: decodeURIComponent(raw) };
  } catch {
    return { key: raw };
  }
}

/**
 * OpenFeature Remote Evaluation Protocol: clients read `key`, `errorCode` and `errorDetails`, and lose the code of anything
 * else. What they do not read stays a problem document.
 */
function ofrep(problem: Problem, url: string, instance: string): ErrorAnswer {
  const { status, headers, detail } = problem;
  const unread = status === 401 || status === 403;
  const errorCode = status < 500 ? (OFREP_CODES[problem.code] ?? 'GENERAL') : 'GENERAL';
  return {
    status,
    headers,
    contentType: unread ? PROBLEM_TYPE : JSON_TYPE,
    body: {
      ...(unread ? problemDocument(problem, instance) : {}),
      ...flagKey(url),
      errorCode,
      errorDetails: detail,
    },
  };
}

/** GrowthBook SDKs: a key that is not known is a 400 that no repetition mends. */
function growthbook({ status, code, detail, headers }: Problem): ErrorAnswer {
  const badKey = status === 401 || status === 403;
  const answered = badKey ? 400 : status;
  return {
    status: answered,
    contentType: JSON_TYPE,
    headers: {
      ...headers,
      'access-control-allow-origin': '*',
      ...(badKey ? { 'x-unrecoverable': '1' } : {}),
    },
    body: { status: answered, error: detail, code },
  };
}

const DIALECTS: readonly (readonly [prefix: string, write: typeof ofrep])[] = [
  ['/ofrep/', ofrep],
  ['/api/', growthbook],
  ['/sub/', growthbook],
];

/** The error as the path's protocol wants it: RFC 9457, unless it is another's. */
export function errorAnswer(problem: Problem, url: string, instance: string): ErrorAnswer {
  const dialect = DIALECTS.find(([prefix]) => url.startsWith(prefix));
  if (dialect) return dialect[1](problem, url, instance);
  return {
    status: problem.status,
    contentType: PROBLEM_TYPE,
    headers: {
      ...problem.headers,
      ...(problem.status === 401 ? { 'www-authenticate': 'Bearer realm="marquee"' } : {}),
    },
    body: problemDocument(problem, instance),
  };
}
