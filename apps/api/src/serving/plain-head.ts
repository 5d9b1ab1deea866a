import type { IncomingHttpHeaders } from 'node:http';

/** What stands above the body of a request that may be answered straight from its socket. */
export interface PlainHead {
  /** Names in lower case. */
  readonly headers: IncomingHttpHeaders;
  /** Length of the body. */
  readonly bytes: number;
}

const MOST_KNOWN = 500;
const MOST_KEPT_LENGTH = 1024;
const FIELD = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):([\t\x20-\x7e\x80-\xff]*)$/;
const LENGTH = /^\d{1,9}$/;
/** What changes how a request is read or how its connection goes on: left to Node's own parser. */
const NOT_PLAIN = ['transfer-encoding', 'expect', 'upgrade', 'trailer', 'te'] as const;

/**
 * Reads heads of requests to one route, strictly: one field a line, none twice, a host, a length, nothing that is folded
 * or that another server on the way could understand differently (RFC 9112, sections 5 and 6.3). Whatever else comes is
 * not refused but null, and Node's parser has the say. A client sends the same head again and again, so heads are kept.
 */
export class PlainHeads {
  private readonly known = new Map<string, PlainHead | null>();

  /**
   * @param start the first line of a request, with its end.
   * @param isPlain whether these headers, and a body of that length, may be answered so.
   */
  constructor(
    private readonly start: string,
    private readonly isPlain: (headers: IncomingHttpHeaders) => boolean,
  ) {}

  /** @param text all lines of the head, the last one without its end. */
  read(text: string): PlainHead | null {
    const known = this.known.get(text);
    if (known !== undefined) return known;
    const head = text.startsWith(this.start) ? this.parse(text.slice(this.start.length)) : null;
    if (text.length > MOST_KEPT_LENGTH) return head;
    if (this.known.size >= MOST_KNOWN) this.known.clear();
    this.known.set(text, head);
    return head;
  }

  private parse(lines: string): PlainHead | null {
    const headers = fieldsOf(lines);
    if (headers === null || !headers.host || NOT_PLAIN.some((name) => headers[name] !== undefined))
      return null;
    const length = headers['content-length'] ?? '';
    if (!LENGTH.test(length) || (headers.connection ?? 'keep-alive').toLowerCase() !== 'keep-alive')
      return null;
    return this.isPlain(headers) ? { headers, bytes: Number(length) } : null;
  }
}

/** Null where a line is no field, or a field stands twice. */
function fieldsOf(lines: string): IncomingHttpHeaders | null {
  const headers: IncomingHttpHeaders = Object.create(null) as IncomingHttpHeaders;
  for (const line of lines.split('\r\n')) {
    const [, name, value] = FIELD.exec(line) ?? [];
    if (name === undefined || value === undefined) return null;
    const key = name.toLowerCase();
    if (headers[key] !== undefined) return null;
    headers[key] = value.replace(/^[\t ]+/, '').replace(/[\t ]+$/, '');
  }
  return headers;
}
