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

/** Whose stream it is, and what tells whether they may still read. */
export interface StreamReader {
  readonly keyId: string;
  /** Asked before each write, and at each heartbeat: keys are revoked while streams are open. */
  readonly mayRead: () => boolean;
}

const tooMany = (status: 429 | 503, detail: string): Problem =>
  new Problem(status, 'too_many_streams', detail, [], { 'retry-after': '30' });

/** Open server-sent event streams (WHATWG HTML, "Server-sent events") of one kind. */
export class EventStreams {
  private readonly open = new Map<FastifyReply['raw'], StreamReader>();
  private readonly perKey = new Map<string, number>();
  private readonly heartbeat: NodeJS.Timeout;

  /** @param mostPerKey of one key, so that it leaves room for others. */
  constructor(private readonly mostPerKey: number) {
    this.heartbeat = setInterval(() => this.write(':\n\n'), HEARTBEAT_MS);
    this.heartbeat.unref();
  }

  /**
   * Takes the reply over and keeps it open, as long as its reader may read.
   * @param first sent at once; null: nothing.
   * @throws Problem 503 when too many are open, 429 when too many of the key are.
   */
  add(
    request: FastifyRequest,
    reply: FastifyReply,
    headers: Readonly<Record<string, string>>,
    first: StreamedEvent | null,
    reader: StreamReader,
  ): void {
    if (this.open.size >= MOST_STREAMS) throw tooMany(503, 'Too many streams are open here; poll instead');
    if (this.sizeOf(reader.keyId) >= this.mostPerKey)
      throw tooMany(429, `${this.mostPerKey} streams of this key are open here already; poll instead`);
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
    this.open.set(raw, reader);
    this.perKey.set(reader.keyId, this.sizeOf(reader.keyId) + 1);
    raw.once('close', () => this.forget(raw));
    raw.on('error', () => this.forget(raw));
  }

  private sizeOf(keyId: string): number {
    return this.perKey.get(keyId) ?? 0;
  }

  private forget(raw: FastifyReply['raw']): void {
    const reader = this.open.get(raw);
    if (!reader) return;
    this.open.delete(raw);
    const left = this.sizeOf(reader.keyId) - 1;
    if (left > 0) this.perKey.set(reader.keyId, left);
    else this.perKey.delete(reader.keyId);
  }

  send(event: StreamedEvent): void {
    if (this.open.size > 0) this.write(asText(event));
  }

  /** Ends all of them, so that the server can close. */
  close(): void {
    clearInterval(this.heartbeat);
    for (const raw of this.open.keys()) raw.end();
    this.open.clear();
    this.perKey.clear();
  }

  private write(text: string): void {
    for (const [raw, { mayRead }] of this.open) {
      // A reader that does not keep up connects again and learns what it missed.
      if (raw.writableLength > 1_000_000) raw.destroy();
      else if (!mayRead()) raw.end();
      else raw.write(text);
    }
  }
}
