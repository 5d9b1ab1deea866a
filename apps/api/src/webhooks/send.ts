import http from 'node:http';
import https from 'node:https';
import type { LookupFunction } from 'node:net';
import { RefusedAddress, checkedTarget } from './address.js';
import type { Address, AllowList, Resolve } from './address.js';

/** What came of one attempt. The receiver's words are neither kept nor shown: they may be anybody's. */
export interface Sent {
  /** HTTP status; null when there was no answer. */
  readonly status: number | null;
  /** Why it was no success; null: a status of 200 to 299. */
  readonly error: string | null;
  /** How long it took, ms. */
  readonly ms: number;
  /** What `Retry-After` asks for, ms; 0 where it asks for nothing. */
  readonly retryAfterMs: number;
}

export interface SendOptions {
  readonly allow: AllowList;
  readonly resolve?: Resolve;
  readonly timeoutMs?: number;
}

const TIMEOUT_MS = 15_000;
const LONGEST_RETRY_AFTER_MS = 3_600_000;

/**
 * POSTs a body once: to an address that was checked just now, following no redirect and reading no body, in bounded time.
 * Never rejects.
 */
export async function send(
  url: string,
  message: { readonly headers: Readonly<Record<string, string>>; readonly body: string },
  { allow, resolve, timeoutMs = TIMEOUT_MS }: SendOptions,
): Promise<Sent> {
  const began = performance.now();
  const outcome = await attempt(url, message, { allow, resolve, timeoutMs }).catch((error: unknown) => ({
    status: null,
    error: wordsOf(error),
    retryAfterMs: 0,
  }));
  return { ...outcome, ms: Math.round(performance.now() - began) };
}

async function attempt(
  text: string,
  { headers, body }: { readonly headers: Readonly<Record<string, string>>; readonly body: string },
  { allow, resolve, timeoutMs }: { allow: AllowList; resolve: Resolve | undefined; timeoutMs: number },
): Promise<Omit<Sent, 'ms'>> {
  const { url, address } = await checkedTarget(text, allow, resolve);
  const { request } = url.protocol === 'https:' ? https : http;
  return new Promise((done, fail) => {
    const sending = request(url, {
      method: 'POST',
      // A connection of its own: one that is kept might have been made to another address.
      agent: false,
      lookup: pinnedTo(address),
      signal: AbortSignal.timeout(timeoutMs),
      headers: {
        ...headers,
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(body),
        'user-agent': 'Marquee-Webhooks/1',
      },
    });
    sending.on('error', fail);
    sending.once('response', (response) => {
      const status = response.statusCode ?? 0;
      response.destroy();
      const error = status >= 200 && status < 300 ? null : isRedirect(status) ? 'redirect' : `http_${status}`;
      done({ status, error, retryAfterMs: retryAfterOf(response.headers['retry-after']) });
    });
    sending.end(body);
  });
}

const isRedirect = (status: number): boolean => status >= 300 && status < 400;

/** A lookup that knows one answer, so that the name cannot lead elsewhere between check and connection. */
const pinnedTo =
  ({ address, family }: Address): LookupFunction =>
  (_host, options, answer) => {
    if (options.all) answer(null, [{ address, family }]);
    else answer(null, address, family);
  };

function wordsOf(error: unknown): string {
  if (error instanceof RefusedAddress) return error.code;
  const { name, code } = error as { name?: string; code?: string };
  if (name === 'TimeoutError' || name === 'AbortError') return 'timeout';
  return code === undefined ? 'connection' : `connection (${code})`;
}

function retryAfterOf(header: string | undefined): number {
  if (header === undefined) return 0;
  const ms = /^\d+$/.test(header) ? Number(header) * 1000 : Date.parse(header) - Date.now();
  return ms > 0 ? Math.min(ms, LONGEST_RETRY_AFTER_MS) : 0;
}
