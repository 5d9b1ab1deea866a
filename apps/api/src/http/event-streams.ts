import type { FastifyReply, FastifyRequest } from 'fastify';
import { Problem } from './problem.js';

/** Below the idle limit of the server and of what usually stands before it. */
const HEARTBEAT_MS = 25_000;
/** Each open stream keeps a socket. */
const MOST_STREAMS = 5_000;

export interface StreamedEvent {
  /** The browser sends it as `Last-Event-ID` when it connects again. */
  readonly id: string;
  readonly event: string;
  readonly data: string;
}

const asText = ({ id, event, data }: StreamedEvent): string =>
  `id: ${id}\nevent: ${event}\n${data.replace(/^/gm, 'data: ')}\n\n`;

/** Open server-sent event streams (WHATWG HTML, "Server-sent events") of one kind. */
export class EventStreams {
  /** With what tells whether the reader still may read. */
  private readonly open = new Map<FastifyReply['raw'], () => boolean>();
  private readonly heartbeat: NodeJS.Timeout;

  constructor() {
    this.heartbeat = setInterval(() => this.write(':\n\n'), HEARTBEAT_MS);
    this.heartbeat.unref();
  }

  /**
   * Takes the reply over and keeps it open, as long as its reader may read.
   * @param first sent at once; null: nothing.
   * @param mayRead asked before each write, and at each heartbeat: keys are revoked while streams are open.
   * @throws Problem 503 when too many are open.
   */
  add(
    request: FastifyRequest,
    reply: FastifyReply,
    headers: Readonly<Record<string, string>>,
    first: StreamedEvent | null,
    mayRead: () => boolean,
  ): void {
    if (this.open.size >= MOST_STREAMS)
      throw new Problem(503, 'too_many_streams', 'Too many streams are open here; poll instead', [], {
        'retry-after': '30',
      });
    const { raw } = reply;
    const cors = reply.getHeaders();
    reply.hijack();
    for (const [name, value] of Object.entries(cors)) if (value !== undefined) raw.setHeader(name, value);
    raw.writeHead(200, {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store, no-transform',
      'x-accel-buffering': 'no',
      'x-content-type-options': 'nosniff',
      'x-request-id': request.id,
      ...headers,
    });
    raw.write(first === null ? ':\n\n' : asText(first));
    // Gone already: nothing would ever take it out again.
    if (raw.destroyed) return;
    this.open.set(raw, mayRead);
    raw.once('close', () => this.open.delete(raw));
    raw.on('error', () => this.open.delete(raw));
  }

  get size(): number {
    return this.open.size;
  }

  send(event: StreamedEvent): void {
    if (this.open.size > 0) this.write(asText(event));
  }

  /** Ends all of them, so that the server can close. */
  close(): void {
    clearInterval(this.heartbeat);
    for (const raw of this.open.keys()) raw.end();
    this.open.clear();
  }

  private write(text: string): void {
    for (const [raw, mayRead] of this.open) {
      // A reader that does not keep up connects again and learns what it missed.
      if (raw.writableLength > 1_000_000) raw.destroy();
      else if (!mayRead()) raw.end();
      else raw.write(text);
    }
  }
}
