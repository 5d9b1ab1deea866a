import http from 'node:http';

export interface Answer {
  readonly status: number;
  readonly text: string;
}

/** A keep-alive client for one API and key; lighter than fetch, so that the load costs the machine less. */
export class HttpClient {
  private readonly agent: http.Agent;

  constructor(
    private readonly base: string,
    private readonly key: string,
    connections = 16,
  ) {
    this.agent = new http.Agent({ keepAlive: true, maxSockets: connections });
  }

  /** @throws Error when the connection fails or no answer comes within the time. */
  send(method: string, path: string, body?: string | Buffer, timeoutMs = 30_000): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const request = http.request(
        this.base + path,
        {
          method,
          agent: this.agent,
          timeout: timeoutMs,
          headers: {
            authorization: `Bearer ${this.key}`,
            ...(body === undefined
              ? {}
              : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }),
          },
        },
        (response) => {
          const parts: Buffer[] = [];
          response.on('data', (part: Buffer) => parts.push(part));
          response.on('error', reject);
          response.on('end', () =>
            resolve({ status: response.statusCode ?? 0, text: Buffer.concat(parts).toString('utf8') }),
          );
        },
      );
      request.on('timeout', () =>
        request.destroy(new Error(`${method} ${path}: no answer within ${timeoutMs} ms`)),
      );
      request.on('error', reject);
      request.end(body);
    });
  }

  /** Sends and reads JSON. @throws Error unless the answer is 2xx. */
  async json<T>(method: string, path: string, body?: unknown): Promise<T> {
    const answer = await this.send(method, path, body === undefined ? undefined : JSON.stringify(body));
    if (answer.status < 200 || answer.status > 299)
      throw new Error(`${method} ${path}: ${answer.status} ${answer.text.slice(0, 500)}`);
    return JSON.parse(answer.text) as T;
  }

  close(): void {
    this.agent.destroy();
  }
}
