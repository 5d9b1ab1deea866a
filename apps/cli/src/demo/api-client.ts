import { setTimeout as sleep } from 'node:timers/promises';
import type { Answer, ClientEvent, TreatmentRequest } from '#simulation';
import { z } from 'zod';
import type { Connection } from './connection.js';

/** The API answered, and refused. */
export class Refused extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    detail: string,
    /** What is wrong with which field of the body, where the API says. */
    readonly errors: readonly { readonly pointer: string; readonly message: string }[] = [],
  ) {
    super(detail);
  }
}

/** The API could not be reached, or is not ready. */
export class Unreachable extends Error {}

const problemSchema = z.object({
  code: z.string().default('unknown'),
  detail: z.string().default('no detail given'),
  errors: z.array(z.object({ pointer: z.string(), message: z.string() })).default([]),
});

const treatmentSchema = z.object({
  decisionId: z.string(),
  surface: z.string(),
  subject: z.string().nullish(),
  experiment: z.string().nullable(),
  arm: z.string().nullable(),
  value: z.json().optional(),
  action: z.string().nullish(),
  slate: z.array(z.object({ id: z.string(), propensity: z.number() })).nullish(),
  propensity: z.number().optional(),
  policy: z.object({ key: z.string(), version: z.union([z.string(), z.number()]).nullable() }).nullish(),
  reason: z.string(),
  withheld: z.boolean().optional(),
});
const treatmentsSchema = z.object({ treatments: z.array(treatmentSchema) });

const pageSchema = z.object({
  order: treatmentSchema,
  rows: z.array(
    z.object({
      treatment: treatmentSchema,
      titles: z.array(z.object({ artwork: treatmentSchema.nullable() })),
    }),
  ),
});

const acceptedSchema = z.object({
  accepted: z.number(),
  rejected: z.array(z.object({ index: z.number(), code: z.string(), message: z.string() })),
});
export type Accepted = z.output<typeof acceptedSchema>;

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** Longest wait between two tries while the API is away. */
const longestPauseMs = 5_000;

/** The HTTP contract as a client app and an administrator use it. */
export class ApiClient {
  constructor(private readonly connection: Connection) {}

  /**
   * @throws Refused with the problem's code for 4xx, Unreachable when there is no answer, or a 429, 502, 503 or 504.
   */
  async call(
    method: Method,
    path: string,
    body?: unknown,
    key = this.connection.admin,
    timeoutMs = 30_000,
  ): Promise<unknown> {
    const headers: Record<string, string> = { authorization: `Bearer ${key}` };
    if (body !== undefined) headers['content-type'] = 'application/json';
    let response: Response;
    try {
      response = await fetch(`${this.connection.api}${path}`, {
        method,
        headers,
        signal: AbortSignal.timeout(timeoutMs),
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
    } catch (error) {
      throw new Unreachable(`${this.connection.api} does not answer: ${(error as Error).message}`);
    }
    const text = await response.text().catch(() => '');
    if (response.ok) return text === '' ? null : (JSON.parse(text) as unknown);
    if ([429, 502, 503, 504].includes(response.status)) {
      throw new Unreachable(`${this.connection.api}${path} answers ${response.status}`);
    }
    const problem = problemSchema.safeParse(parseOrNull(text));
    const { code, detail, errors } = problem.success
      ? { code: problem.data.code, detail: detailOf(problem.data), errors: problem.data.errors }
      : { code: 'unknown', detail: text.slice(0, 200), errors: [] };
    throw new Refused(
      response.status,
      code,
      `${method} ${path}: ${response.status} ${code}: ${detail}`,
      errors,
    );
  }

  /** As `call`, but tries again while the API can't be reached, for at most `patienceMs`. */
  async persist(method: Method, path: string, body?: unknown, patienceMs = 60_000): Promise<unknown> {
    return withPatience(() => this.call(method, path, body), patienceMs);
  }

  /** `POST /v1/treatments`, or `POST /v1/pages/:key/serve` where a page is asked for. */
  async treatments(request: TreatmentRequest): Promise<Answer> {
    const { publishable } = this.connection;
    if (request.page !== undefined) return this.page(request.page, request);
    const answer = treatmentsSchema.parse(await this.call('POST', '/v1/treatments', request, publishable));
    return answer.treatments as Answer;
  }

  /** All decisions of a page, in the order in which they were made. */
  private async page(key: string, { unitId, unitType, context }: TreatmentRequest): Promise<Answer> {
    const { publishable } = this.connection;
    const path = `/v1/pages/${encodeURIComponent(key)}/serve`;
    const body = { unitId, unitType, context };
    const { order, rows } = pageSchema.parse(await this.call('POST', path, body, publishable));
    const parts = rows.flatMap(({ treatment, titles }) => [
      treatment,
      ...titles.flatMap(({ artwork }) => artwork ?? []),
    ]);
    return [order, ...parts] as Answer;
  }

  /** `POST /v1/events`, at most 1000 of them. Sending twice is harmless. */
  async events(events: readonly ClientEvent[]): Promise<Accepted> {
    return acceptedSchema.parse(
      await this.call('POST', '/v1/events', { events }, this.connection.publishable),
    );
  }
}

/** Repeats a call with growing, jittered pauses while the API is unreachable. */
export async function withPatience<T>(call: () => Promise<T>, patienceMs: number): Promise<T> {
  const giveUpAt = Date.now() + patienceMs;
  for (let attempt = 0; ; attempt++) {
    try {
      return await call();
    } catch (error) {
      if (!(error instanceof Unreachable) || Date.now() > giveUpAt) throw error;
      await sleep(Math.min(longestPauseMs, 100 * 2 ** attempt) * (0.5 + Math.random() / 2));
    }
  }
}

/** Every field that is wrong, where there are several; the detail names the first only. */
function detailOf({ detail, errors }: z.output<typeof problemSchema>): string {
  return errors.length > 1
    ? errors.map(({ pointer, message }) => `${pointer}: ${message}`).join('; ')
    : detail;
}

function parseOrNull(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return null;
  }
}
