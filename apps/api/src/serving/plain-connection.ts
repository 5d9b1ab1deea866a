import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { PlainHead, PlainHeads } from './plain-head.js';

const HEAD_END = '\r\n\r\n';
/** A longer head is Node's to read or to refuse. */
const MOST_HEAD = 8192;

/** An answer as it leaves, whatever it leaves through. */
export interface PlainAnswer {
  readonly status: number;
  /** All but those of the connection, made of nothing that a client sent; `content-length` follows from the text. */
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
}

/** Answers a request; `send` is called once, now or later. */
export type PlainHandler = (head: PlainHead, body: Buffer, send: (answer: PlainAnswer) => void) => void;

/** What the connections of a server share. */
export interface PlainHost {
  readonly heads: PlainHeads;
  readonly answer: PlainHandler;
  /** The server ends: what is under way is answered, and nothing more. */
  readonly closing: boolean;
  /** Milliseconds that a connection may say nothing: before its first request, and between two. */
  readonly firstMs: number;
  readonly keepAliveMs: number;
  /** Milliseconds that the rest of a body may take. */
  readonly bodyMs: number;
  /** Gives a connection to Node's HTTP server, for good. */
  passOn(socket: Socket): void;
  gone(connection: PlainConnection): void;
}

let dateText = '';
let dateUntil = 0;

/** As Node caches it. */
function date(): string {
  const now = Date.now();
  if (now >= dateUntil) {
    dateText = new Date(now).toUTCString();
    dateUntil = now - (now % 1000) + 1000;
  }
  return dateText;
}

/**
 * Answers plain requests of one connection, one after the other, from the bytes of its socket: Node's parser and its
 * streams of request and response cost more than the decision. The first request that is not plain takes the connection
 * with it to Node's server, which reads it from its first byte and keeps it.
 */
export class PlainConnection {
  private busy = false;
  /** The other side sends no more. */
  private ended = false;
  private kept = false;
  /** Came while a request was being answered, or behind one. */
  private waiting: Buffer[] = [];
  /** A request whose body has not come in full. */
  private partial: { head: PlainHead; parts: Buffer[]; missing: number; timer: NodeJS.Timeout } | null = null;

  constructor(
    private readonly socket: Socket,
    private readonly host: PlainHost,
  ) {
    socket.setTimeout(host.firstMs);
    socket.on('data', this.take).on('end', this.end).on('close', this.close);
    socket.on('error', ignore).on('timeout', this.silent).on('drain', this.resume);
  }

  /** The server ends. */
  finish(): void {
    if (this.busy || this.partial !== null) return;
    // Nothing that still comes is read.
    this.busy = true;
    this.socket.destroySoon();
  }

  private readonly take = (bytes: Buffer): void => {
    if (this.busy) {
      this.waiting.push(bytes);
      this.socket.pause();
    } else if (this.partial === null) this.read(bytes);
    else this.goOn(this.partial, bytes);
  };

  private read(bytes: Buffer): void {
    const end = bytes.indexOf(HEAD_END);
    const head = end < 0 || end > MOST_HEAD ? null : this.host.heads.read(bytes.toString('latin1', 0, end));
    if (head === null || this.host.closing) return this.handOver(bytes);
    const from = end + HEAD_END.length;
    const to = from + head.bytes;
    if (bytes.length === to) return this.ask(head, bytes.subarray(from));
    if (bytes.length > to) {
      this.waiting.push(bytes.subarray(to));
      return this.ask(head, bytes.subarray(from, to));
    }
    const timer = setTimeout(this.late, this.host.bodyMs);
    timer.unref();
    this.partial = { head, parts: [bytes.subarray(from)], missing: to - bytes.length, timer };
  }

  /** Joined once: a sender of single bytes would have the whole copied for each of them. */
  private goOn(partial: NonNullable<typeof this.partial>, bytes: Buffer): void {
    partial.parts.push(bytes.subarray(0, partial.missing));
    if (bytes.length > partial.missing) this.waiting.push(bytes.subarray(partial.missing));
    partial.missing -= bytes.length;
    if (partial.missing > 0) return;
    clearTimeout(partial.timer);
    this.partial = null;
    this.ask(partial.head, Buffer.concat(partial.parts));
  }

  private ask(head: PlainHead, body: Buffer): void {
    this.busy = true;
    this.host.answer(head, body, this.send);
  }

  private readonly send = ({ status, headers, text }: PlainAnswer): void => {
    if (this.socket.destroyed) return;
    const last = this.host.closing || (this.ended && this.waiting.length === 0);
    const bytes = Buffer.byteLength(text);
    let head = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n`;
    for (const name in headers) head += `${name}: ${headers[name] as string}\r\n`;
    head += `content-length: ${bytes}\r\nDate: ${date()}\r\n`;
    head += last ? 'Connection: close\r\n\r\n' : this.keepAlive();
    // Both in one text, which is one write; where a byte is a character, without looking at each again.
    const taken = this.socket.write(head + text, bytes === text.length ? 'latin1' : 'utf8');
    // Still busy: nothing that comes behind it is read.
    if (last) return void this.socket.destroySoon();
    // Not now: what is refused is answered at once, and a thousand such requests behind each other would be as many calls
    // within each other.
    if (taken && this.waiting.length > 0) return void setImmediate(this.next);
    this.busy = false;
    // Who does not read is not read from.
    if (!taken) this.socket.pause();
  };

  private readonly next = (): void => {
    this.busy = false;
    this.resume();
  };

  private keepAlive(): string {
    const { keepAliveMs } = this.host;
    if (!this.kept) this.socket.setTimeout(keepAliveMs);
    this.kept = true;
    return `Connection: keep-alive\r\nKeep-Alive: timeout=${Math.floor(keepAliveMs / 1000)}\r\n\r\n`;
  }

  private readonly resume = (): void => {
    if (this.busy || this.socket.destroyed) return;
    this.socket.resume();
    const bytes = this.waiting;
    this.waiting = [];
    if (bytes.length > 0) this.take(bytes.length === 1 ? (bytes[0] as Buffer) : Buffer.concat(bytes));
  };

  private handOver(bytes: Buffer): void {
    const { socket } = this;
    // What has ended cannot be given its bytes back.
    if (this.ended) return socket.destroySoon();
    this.host.gone(this);
    socket.off('data', this.take).off('end', this.end).off('close', this.close);
    socket.off('error', ignore).off('timeout', this.silent).off('drain', this.resume);
    socket.setTimeout(0);
    socket.pause();
    socket.unshift(bytes);
    this.host.passOn(socket);
    process.nextTick(() => socket.resume());
  }

  private readonly end = (): void => {
    this.ended = true;
    if (!this.busy && this.waiting.length === 0) this.socket.destroySoon();
  };

  private readonly close = (): void => {
    if (this.partial !== null) clearTimeout(this.partial.timer);
    this.host.gone(this);
  };

  private readonly silent = (): void => {
    if (!this.busy) this.socket.destroy();
  };

  /** As Node's server says it. */
  private readonly late = (): void => {
    // Nothing that still comes is read.
    this.partial = null;
    this.busy = true;
    this.socket.pause();
    this.socket.write('HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n\r\n');
    this.socket.destroySoon();
  };
}

/** It closes, and that is all that follows. */
const ignore = (): void => undefined;
