import net from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { quantile } from './figure.js';

const CONNECTIONS = 64;
/** A connection that breaks takes its place with it: what waits for one may wait for ever. */
const LONGEST_TAIL_MS = 10_000;
const READ_BYTES = 65_536;

export interface Paced {
  /** Milliseconds from the moment a request was due, so that a late generator counts as well. */
  readonly p50: number;
  readonly p99: number;
  readonly perSecond: number;
}

export interface Saturated {
  readonly perSecond: number;
  /** Answers with status 200 in the measured time. */
  readonly answered: number;
  /** How many answers had each of what the target has `oneOf`. */
  readonly seen: Readonly<Record<string, number>>;
  /** Milliseconds from sending a request to the end of its answer. */
  readonly p50: number;
  readonly p99: number;
}

/** Where a load goes. */
export interface LoadTarget {
  readonly url: string;
  readonly path: string;
  /** Headers of every request beside those that HTTP needs. */
  readonly headers: Readonly<Record<string, string>>;
  /** Sent in turns by POST; or, where `method` is GET, what follows the path. */
  readonly bodies: readonly string[];
  readonly method?: 'GET';
  /** Of which every answer has exactly one, by what it is called; for `Saturated.seen`. */
  readonly oneOf?: Readonly<Record<string, string>>;
}

/**
 * Closed-loop load: every connection sends its next request when the last one is answered.
 * @throws when an answer is not 200, or has none of what it should have one of, or a connection breaks.
 */
export async function saturated(
  target: LoadTarget,
  connections: number,
  seconds: number,
): Promise<Saturated> {
  const { hostname, port } = new URL(target.url);
  const requests = requestsOf(target);
  const pool = await Pool.open(hostname, Number(port), connections);
  const latencies: number[] = [];
  const kinds = Object.entries(target.oneOf ?? {});
  const seen: Record<string, number> = Object.fromEntries(kinds.map(([name]) => [name, 0]));
  const isWhole = (body: string): boolean => {
    for (const [name, text] of kinds)
      if (body.includes(text)) {
        seen[name] = (seen[name] as number) + 1;
        return true;
      }
    return kinds.length === 0;
  };
  let sent = 0;
  let failed = 0;
  const began = performance.now();
  const until = began + seconds * 1000;
  let ended = began;
  await new Promise<void>((resolve) => {
    let open = connections;
    const next = (): void => {
      const now = performance.now();
      ended = now;
      if (now >= until || failed > 0) {
        if (--open === 0) resolve();
        return;
      }
      pool.send(requests[sent++ % requests.length] as Buffer, (status, body) => {
        if (status === 200 && isWhole(body)) latencies.push(performance.now() - now);
        else failed++;
        queueMicrotask(next);
      });
    };
    for (let i = 0; i < connections; i++) next();
  });
  pool.close();
  if (failed > 0) throw new Error(`${failed} of ${sent} requests failed`);
  const answered = latencies.length;
  return {
    perSecond: answered / ((ended - began) / 1000),
    answered,
    seen,
    p50: quantile(latencies, 0.5),
    p99: quantile(latencies, 0.99),
  };
}

function requestsOf({ url, path, headers, bodies, method }: LoadTarget): Buffer[] {
  const { host } = new URL(url);
  const fields = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  const named = `host: ${host}\r\n${fields.join('')}`;
  if (method === 'GET')
    return bodies.map((query) => Buffer.from(`GET ${path}${query} HTTP/1.1\r\n${named}\r\n`));
  const head = `POST ${path} HTTP/1.1\r\n${named}content-type: application/json\r\n`;
  return bodies.map((body) =>
    Buffer.from(`${head}content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`),
  );
}

/**
 * Open-loop load: requests leave evenly spread at the given rate, whether the earlier ones were answered or not.
 * (autocannon's rate sends a second's worth at once and then pauses, which measures saturation.) It looks at the clock
 * every millisecond and speaks HTTP by itself, because a client that is as dear as the server, or that spins, would
 * measure itself on two cores.
 * @param seconds of measurement; a warm-up of one second before it does not count.
 */
export async function paced(target: LoadTarget, perSecond: number, seconds: number): Promise<Paced> {
  const { hostname, port } = new URL(target.url);
  const requests = requestsOf(target);
  const pool = await Pool.open(hostname, Number(port), CONNECTIONS);
  const latencies: number[] = [];
  const total = Math.round(perSecond * (seconds + 1));
  let answered = 0;
  let failed = 0;
  const began = performance.now();
  for (let sent = 0; sent < total;) {
    const due = Math.min(total, Math.floor(((performance.now() - began) / 1000) * perSecond));
    for (; sent < due; sent++) {
      const meant = began + (sent / perSecond) * 1000;
      const counts = sent >= perSecond;
      pool.send(requests[sent % requests.length] as Buffer, (status) => {
        answered++;
        if (status !== 200) failed++;
        else if (counts) latencies.push(performance.now() - meant);
      });
    }
    await sleep(1);
  }
  const deadline = performance.now() + LONGEST_TAIL_MS;
  while (answered < total && performance.now() < deadline) await sleep(5);
  const elapsed = (performance.now() - began) / 1000;
  pool.close();
  failed += total - answered;
  if (failed > 0) throw new Error(`${failed} of ${total} requests failed`);
  return { p50: quantile(latencies, 0.5), p99: quantile(latencies, 0.99), perSecond: total / elapsed };
}

/** @param body as latin1 text. */
type OnStatus = (status: number, body: string) => void;

/** Keep-alive connections with one request each under way; what finds none free waits in order. */
class Pool {
  private readonly free: Connection[] = [];
  private readonly waiting: { request: Buffer; done: OnStatus }[] = [];
  private head = 0;
  private readonly all: Connection[] = [];

  static async open(host: string, port: number, count: number): Promise<Pool> {
    const pool = new Pool();
    for (let i = 0; i < count; i++) {
      const connection = await Connection.open(host, port, () => pool.next(connection));
      pool.all.push(connection);
      pool.free.push(connection);
    }
    return pool;
  }

  send(request: Buffer, done: OnStatus): void {
    const connection = this.free.pop();
    if (connection) connection.send(request, done);
    else this.waiting.push({ request, done });
  }

  private next(connection: Connection): void {
    const waiting = this.waiting[this.head];
    if (!waiting) {
      this.free.push(connection);
      return;
    }
    this.head++;
    connection.send(waiting.request, waiting.done);
  }

  close(): void {
    for (const connection of this.all) connection.close();
  }
}

const HEAD_END = '\r\n\r\n';
const HEAD = /^HTTP\/1\.1 (\d{3})[^]*?\r\ncontent-length: (\d+)\r\n/i;

/**
 * One connection; understands answers with a content-length, which is what all servers send. It reads into one buffer of
 * its own, because a generator that is as dear as the server measures itself on two cores.
 */
class Connection {
  private received = '';
  private done: OnStatus | null = null;
  private readonly socket: net.Socket;

  private constructor(
    host: string,
    port: number,
    private readonly onFree: () => void,
    onOpen: (connection: Connection) => void,
    onError: (error: Error) => void,
  ) {
    const callback = (bytes: number, buffer: Uint8Array): boolean => {
      this.take((buffer as Buffer).toString('latin1', 0, bytes));
      return true;
    };
    const onread = { buffer: Buffer.allocUnsafeSlow(READ_BYTES), callback };
    this.socket = net.connect({ host, port, noDelay: true, onread }, () => onOpen(this));
    this.socket.once('error', onError);
    this.socket.on('error', () => this.finish(0, ''));
    this.socket.on('close', () => this.finish(0, ''));
  }

  static open(host: string, port: number, onFree: () => void): Promise<Connection> {
    return new Promise((resolve, reject) => new Connection(host, port, onFree, resolve, reject));
  }

  send(request: Buffer, done: OnStatus): void {
    this.done = done;
    this.socket.write(request);
  }

  private take(text: string): void {
    this.received = this.received === '' ? text : this.received + text;
    const end = this.received.indexOf(HEAD_END);
    if (end < 0) return;
    const head = HEAD.exec(this.received);
    if (!head) return this.finish(0, '');
    const body = end + HEAD_END.length;
    if (this.received.length < body + Number(head[2])) return;
    const answer = this.received.slice(body);
    this.received = '';
    this.finish(Number(head[1]), answer);
  }

  private finish(status: number, body: string): void {
    const { done } = this;
    this.done = null;
    if (!done) return;
    done(status, body);
    if (status > 0) this.onFree();
  }

  close(): void {
    this.socket.destroy();
  }
}
