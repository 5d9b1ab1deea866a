import type { Failure } from './types.js';

export interface Posted {
  /** HTTP status; 0 when there was no answer. */
  readonly status: number;
  readonly failure: Failure | null;
  readonly body: unknown;
  /** What `Retry-After` asks for, ms. */
  readonly retryAfterMs: number;
}

export type Post = (path: string, body: string, timeoutMs: number, keepalive?: boolean) => Promise<Posted>;

/** Hands a text to the browser for after the page; false where it cannot, or where its queue is full. */
export type Beacon = (events: string) => boolean;

/**
 * sendBeacon with the key in the body: it can carry no header, and as text it needs no preflight, for which a page that
 * closes has no time. Browsers without it use fetch with keepalive.
 */
export function createBeacon(url: string, key: string): Beacon {
  const address = `${url.replace(/\/+$/, '')}/v1/beacon`;
  return (events) => {
    try {
      const { navigator } = globalThis as { navigator?: { sendBeacon?(url: string, body: string): boolean } };
      const body = `{"key":${JSON.stringify(key)},"events":${events}}`;
      return navigator?.sendBeacon?.(address, body) ?? false;
    } catch {
      return false;
    }
  };
}

/** POSTs JSON. Never rejects: every way to fail is a value. */
export function createPost(url: string, key: string, fetch: typeof globalThis.fetch): Post {
  const base = url.replace(/\/+$/, '');
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
  return async (path, body, timeoutMs, keepalive = false) => {
    try {
      const signal = AbortSignal.timeout(timeoutMs);
      const answer = await fetch(base + path, { method: 'POST', headers, body, keepalive, signal });
      return {
        status: answer.status,
        failure: answer.ok ? null : 'CLIENT_REFUSED',
        body: parse(await answer.text()),
        retryAfterMs: retryAfter(answer.headers.get('retry-after') ?? ''),
      };
    } catch (error) {
      const late = (error as Error | null)?.name === 'TimeoutError';
      return {
        status: 0,
        failure: late ? 'CLIENT_TIMEOUT' : 'CLIENT_UNREACHABLE',
        body: null,
        retryAfterMs: 0,
      };
    }
  };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** Seconds or a date (RFC 9110); 0 for anything else. */
function retryAfter(header: string): number {
  const ms = /^\d+$/.test(header) ? Number(header) * 1000 : Date.parse(header) - Date.now();
  return ms > 0 ? ms : 0;
}
