import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Answer } from './mock-api.js';
import { answer } from './mock-api.js';

export interface RecordedRequest {
  method: string;
  path: string;
  search: URLSearchParams;
  body: unknown;
  headers: Record<string, string>;
}

type Override = Answer | 'hang' | ((asked: RecordedRequest) => Answer);

/** The header by which a request says of which test it is. */
export const MARK = 'x-marquee-test';

const WAIT_MS = 20_000;

function send(response: ServerResponse, { status, body, headers }: Answer): void {
  const type = status < 400 ? 'application/json' : 'application/problem+json';
  response
    .writeHead(status, { 'content-type': type, ...headers })
    .end(typeof body === 'string' ? body : JSON.stringify(body));
}

/**
 * Recorded answers over HTTP, for the dashboard's own proxy: a page whose requests the test answers itself may keep
 * nothing in its cache, and would compile the application anew at every address.
 */
export class MockApi {
  /** Every write the page sent. */
  writes: RecordedRequest[] = [];
  private overrides: [RegExp, Override][] = [];
  private marks = 0;
  private readonly server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => this.respond(request, Buffer.concat(chunks).toString(), response));
  });

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async start(): Promise<void> {
    // A connection that ends just when the proxy sends a write on it would be an answer 502 to the page.
    this.server.keepAliveTimeout = 0;
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  /** Answers that replace the usual ones, by method and path; the last that was given wins. */
  override(pattern: RegExp, replaced: Override): void {
    this.overrides.unshift([pattern, replaced]);
  }

  /** From here on the usual answers only. */
  forget(): void {
    this.overrides = [];
  }

  /** Begins a test: nothing was written or replaced. @returns its mark, without which nothing is answered or counted. */
  renew(): string {
    this.forget();
    this.writes = [];
    this.marks += 1;
    return String(this.marks);
  }

  /** Waits until there are so many writes. */
  async written(count: number): Promise<RecordedRequest[]> {
    for (const until = Date.now() + WAIT_MS; this.writes.length < count;) {
      if (Date.now() > until) throw new Error(`${this.writes.length} writes instead of ${count}`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    return this.writes;
  }

  private respond(request: IncomingMessage, sent: string, response: ServerResponse): void {
    if (request.headers[MARK] !== String(this.marks)) {
      // Of the page before, whose test is over.
      response.writeHead(410).end();
      return;
    }
    const method = request.method ?? 'GET';
    const url = new URL(request.url ?? '/', 'http://mock');
    const body = sent === '' ? {} : (JSON.parse(sent) as Record<string, unknown>);
    const { isWrite, ...usual } = answer(method, url, body);
    const asked = {
      method,
      path: url.pathname,
      search: url.searchParams,
      body: sent === '' ? null : body,
      headers: request.headers as Record<string, string>,
    };
    if (isWrite) this.writes.push(asked);
    const found = this.replacedBy(asked);
    if (found !== 'hang') send(response, found ?? usual);
  }

  private replacedBy(asked: RecordedRequest): Answer | 'hang' | undefined {
    const wanted = `${asked.method} ${asked.path}`;
    const found = this.overrides.find(([pattern]) => pattern.test(wanted))?.[1];
    return typeof found === 'function' ? found(asked) : found;
  }
}
