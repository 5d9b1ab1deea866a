import net from 'node:net';
import { createRng } from '#experiments';
import type { Rng } from '#experiments';

/** What one connection sends, in these pieces. */
export type Pieces = readonly Buffer[];

interface Parts {
  readonly path: string;
  readonly key: string;
  /** To choose from; a character is a byte. */
  readonly bodies: readonly string[];
}

type Pick = <T>(from: readonly T[]) => T;

type Odd = (lines: string[], pick: Pick) => void;

/** Each makes a head that is not plain, or not what it seems. */
const ODD: readonly Odd[] = [
  (lines) => lines.push('Content-Length: 2'),
  (lines, pick) =>
    lines.push(`content-length:${pick([' +5', ' 5, 5', ' 0x5', '', ' 5 5', '\t007', ' -1', ' 1e1'])}`),
  (lines, pick) =>
    lines.push(
      `Transfer-Encoding: ${pick(['chunked', 'identity', 'gzip, chunked', ' chunked\x0b', 'xchunked'])}`,
    ),
  (lines, pick) =>
    lines.push(
      `x-odd${pick([' ', '\t', ''])}:${pick(['', ' ', '\t a \t', ' a\r b', ' a\nb: c', ' \0', ' \x7f', ' é', ' \x80'])}`,
    ),
  (lines, pick) => lines.push('x-folded: a', `${pick([' ', '\t'])}b`),
  (lines, pick) => lines.push(pick([': nameless', 'no colon', '@bad: 1', 'x(y): 1', 'constructor: 1'])),
  (lines, pick) =>
    lines.push(`Connection: ${pick(['close', 'Keep-Alive', 'keep-alive, close', 'upgrade', 'te'])}`),
  (lines, pick) =>
    lines.push(
      pick(['Expect: 100-continue', 'Expect: wonders', 'TE: trailers', 'Trailer: x', 'Upgrade: h2c']),
    ),
  (lines) => lines.push('Host: other'),
  (lines, pick) => lines.push(`x-long: ${'l'.repeat(pick([900, 8000, 9000]))}`),
  (lines, pick) => lines.push(`content-type: ${pick(['text/plain', 'application/json'])}`),
  (lines, pick) => lines.push(`authorization: ${pick(['Bearer wrong', 'Basic a'])}`),
  (lines, pick) => lines.push(`content-encoding: ${pick(['gzip', 'identity'])}`),
  (lines, pick) => lines.push(`x-forwarded-for: ${pick(['1.2.3.4', '::1'])}`),
  (lines, pick) =>
    (lines[0] = (lines[0] as string).replace(
      pick(['POST ', ' HTTP/1.1', ' /']),
      pick([
        'GET ',
        'PUT ',
        ' HTTP/1.0',
        ' HTTP/1.2',
        '  HTTP/1.1',
        ' http://x/',
        '?a=b HTTP/1.1',
        ' //',
        '\tHTTP/1.1',
        'post ',
      ]),
    )),
  (lines) => void lines.unshift(''),
];

const withoutHost = (lines: string[]): unknown => lines.splice(1, 1);

/** Requests as bytes, good, odd and hostile ones, for servers that must understand them alike; the same for the same seed. */
export class RawRequests {
  private readonly rng: Rng;

  constructor(
    seed: string,
    private readonly parts: Parts,
  ) {
    this.rng = createRng(seed);
  }

  /** One to four, with lengths that may lie, ending with one after which the server closes. */
  several(): Pieces {
    const { below } = this.rng;
    const lie = (): number => this.pick([0, 0, 0, 0, 0, -1, 1, 7]);
    const text = Array.from({ length: below(4) + 1 }, () => this.request(lie())).join('');
    // Longer than any body lacks.
    const last = `GET /nowhere HTTP/1.1\r\nHost: x\r\nConnection: close\r\nx-more: ${'m'.repeat(60)}\r\n\r\n`;
    const bytes = Buffer.from(text + last, 'latin1');
    const cuts = Array.from({ length: this.pick([0, 0, 1, 3]) }, () => below(bytes.length));
    cuts.sort((a, b) => a - b);
    return [0, ...cuts].map((from, i) => bytes.subarray(from, cuts[i]));
  }

  one(): Pieces {
    // Node closes behind what has no host; what it still reads until then depends on when it comes. So only here.
    return [Buffer.from(this.request(0, [...ODD, withoutHost]), 'latin1')];
  }

  private readonly pick: Pick = (from) => from[this.rng.below(from.length)] as (typeof from)[number];

  private request(lie: number, odd: readonly Odd[] = ODD): string {
    const { path, key, bodies } = this.parts;
    const { pick, rng } = this;
    const body = pick([...bodies, `POST ${path} HTTP/1.1\r\nhost: x\r\n\r\n`]);
    const names = pick([
      ['content-type', 'content-length'],
      ['Content-Type', 'CONTENT-LENGTH'],
    ] as const);
    const lines = [
      `POST ${path} HTTP/1.1`,
      'Host: x',
      `authorization: Bearer ${key}`,
      `${names[0]}:${pick(['', ' ', '  '])}application/json${pick(['', '; charset=utf-8', ' '])}`,
      `${names[1]}: ${Math.max(0, body.length + lie)}`,
    ];
    if (rng.uniform() < 0.6) for (let n = rng.below(2); n >= 0; n--) pick(odd)(lines, pick);
    const end = rng.uniform() < 0.03 ? '\n' : '\r\n';
    return lines.join(end) + end + end + body;
  }
}

const ANSWER = /^HTTP\/1\.1 (?!100)[^]*?\r\n\r\n([^]*)$/m;

/** Whether a last answer, of those that are told their length, is there in full. */
export function isAnswered(told: string): boolean {
  const [head = '', body = ''] = ANSWER.exec(told) ?? [];
  const length = /content-length: (\d+)/i.exec(head)?.[1];
  return length === undefined ? body.endsWith('0\r\n\r\n') : Buffer.byteLength(body) >= Number(length);
}

/** Sends it all; resolves with what came back when the server has closed, or when that is all that is wanted. */
export async function tellRaw(
  port: number,
  pieces: Pieces,
  isAll: (told: string) => boolean = () => false,
): Promise<string> {
  const socket = net.connect(port, '127.0.0.1').setNoDelay(true);
  let told = '';
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  // A server that closes in the middle of what it is sent resets the connection.
  socket.on('error', () => undefined);
  socket.on('data', (bytes: Buffer) => {
    told += bytes.toString('utf8');
    if (isAll(told)) socket.destroy();
  });
  for (const piece of pieces)
    await new Promise<void>((resolve) => socket.write(piece, () => setImmediate(resolve)));
  await closed;
  return told;
}
