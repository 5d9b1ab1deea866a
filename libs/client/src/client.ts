import { EventQueue } from './event-queue.js';
import { onPageHide } from './page-hide.js';
import { createPost } from './post.js';
import type { Post } from './post.js';
import type * as T from './types.js';

export type AskOptions = Omit<T.TreatmentRequest, 'surface'> & ServeOptions;
export interface ServeOptions {
  /** True when the answer is shown for certain: it then counts as seen without an event. */
  readonly expose?: boolean;
}
export interface Treatments {
  /** In the order of the requests; empty on failure. */
  readonly treatments: readonly T.Treatment[];
  readonly failure: T.Failure | null;
}
type Widen<V> = V extends string
  ? string
  : V extends number
    ? number
    : V extends boolean
      ? boolean
      : V extends null
        ? T.Json
        : V;

/**
 * Treatments in, events out, for one unit. No method throws or rejects: where the server is away, slow or says no,
 * the caller's default is the answer, and `reason` and `onProblem` tell why.
 */
export function createClient(options: T.ClientOptions): Client {
  const report = (problem: T.ClientProblem): void => {
    try {
      options.onProblem?.(problem);
    } catch {
      // A broken logger is not the product's problem.
    }
  };
  const post = createPost(options.url, options.key, options.fetch ?? globalThis.fetch.bind(globalThis));
  const queue = new EventQueue(post, report, options);
  return new Client(options, { post, queue, report, stopListening: onPageHide(() => void queue.leave()) });
}

interface Shared {
  readonly post: Post;
  readonly queue: EventQueue;
  readonly report: (problem: T.ClientProblem) => void;
  readonly stopListening: () => void;
}

export class Client {
  /** Made by createClient. */
  constructor(
    private readonly options: T.ClientOptions,
    private readonly shared: Shared,
  ) {}

  /** Several surfaces in one request (1 to 50). */
  async treatments(
    requests: readonly T.TreatmentRequest[],
    { expose = false }: ServeOptions = {},
  ): Promise<Treatments> {
    const { unitId, unitType = 'member', context = {}, timeoutMs = 1_000 } = this.options;
    const body = toJson({ unitId, unitType, context, requests, expose }) ?? '';
    const answer = await this.shared.post('/v1/treatments', body, timeoutMs);
    const treatments = (answer.body as { treatments?: readonly T.Treatment[] } | null)?.treatments;
    if (answer.failure === null && Array.isArray(treatments)) return { treatments, failure: null };
    const failure = answer.failure ?? 'CLIENT_NO_ANSWER';
    this.shared.report({
      what: 'treatments',
      reason: answer.status >= 400 ? `http_${answer.status}` : failure,
      lost: 0,
    });
    return { treatments: [], failure };
  }

  /** The value of a `value` surface; `fallback` also where the server's value is of another JSON type (unless it is null). */
  value<V extends T.Json>(surface: string, fallback: V, options?: AskOptions): Promise<T.Answer<Widen<V>>> {
    const fits = (value: unknown): boolean => fallback === null || typeOf(value) === typeOf(fallback);
    return this.ask(surface, fallback as Widen<V>, options, ({ value }) =>
      fits(value) ? (value as Widen<V>) : undefined,
    );
  }

  /** The id of the action to show. */
  action(surface: string, fallback: string, options?: AskOptions): Promise<T.Answer<string>> {
    return this.ask(surface, fallback, options, ({ action }) => action ?? undefined);
  }

  /** The ids to show, in order. */
  slate(
    surface: string,
    fallback: readonly string[],
    options?: AskOptions,
  ): Promise<T.Answer<readonly string[]>> {
    return this.ask(surface, fallback, options, ({ slate }) =>
      slate?.length ? slate.map(({ id }) => id) : undefined,
    );
  }

  /**
   * What to load ahead, the most probable first, and when it will be wanted. Nothing where the server has no answer: to load
   * nothing is always right.
   * @param options `limit` bounds the number; `context.prefetchBudget` the size, in the unit of the titles' sizes.
   */
  async prefetch(surface: string, options: AskOptions = {}): Promise<T.Prefetch> {
    let nextSession: T.NextSession | null = null;
    const answer = await this.ask<readonly string[]>(surface, [], options, (treatment) => {
      nextSession = treatment.nextSession ?? null;
      return treatment.slate?.map(({ id }) => id);
    });
    return { ...answer, nextSession };
  }

  /** The unit saw the decision. Null (a default was shown) is ignored, and saying it twice of one position counts once. */
  expose(decisionId: string | null, details: Omit<T.EventDetails, 'decisionId'> = {}): void {
    if (decisionId === null) return;
    const id = details.actionId === undefined ? `seen-${decisionId}-${details.position ?? ''}` : newId();
    this.capture({ id, kind: 'exposure' }, { ...details, decisionId });
  }

  /** The unit did something: `play`, `watch` with its seconds as value, `rating`, `cancel`... */
  outcome(name: string, details: T.EventDetails = {}): void {
    this.capture({ id: newId(), kind: 'outcome', name }, details);
  }

  /** The same client for another unit, with the same queue; for servers. */
  forUnit(unitId: string, context: T.Context = {}): Client {
    return new Client({ ...this.options, unitId, context }, this.shared);
  }

  /** Sends queued events now. @returns whether all of them left. */
  flush(): Promise<boolean> {
    return this.shared.queue.flush();
  }

  /** As flush, then takes no more events. Call it before a process ends. */
  close(): Promise<boolean> {
    this.shared.stopListening();
    return this.shared.queue.close();
  }

  private async ask<V>(
    surface: string,
    fallback: V,
    { expose = false, ...request }: AskOptions = {},
    read: (treatment: T.Treatment) => V | undefined,
  ): Promise<T.Answer<V>> {
    const { treatments, failure } = await this.treatments([{ ...request, surface }], { expose });
    const treatment = treatments[0];
    if (treatment?.withheld) return { ...namesOf(treatment), value: fallback, withheld: true };
    const value = treatment && read(treatment);
    if (!treatment || value === undefined) {
      const reason = treatment ? refusedBecause(treatment) : (failure ?? 'CLIENT_NO_ANSWER');
      return { value: fallback, decisionId: null, experiment: null, arm: null, reason };
    }
    return { ...namesOf(treatment), value };
  }

  private capture(
    event: { id: string; kind: string; name?: string },
    { at = new Date(), ...details }: T.EventDetails,
  ): void {
    const json = toJson({ ...event, unitId: this.options.unitId, at, ...details });
    if (json === null) this.shared.report({ what: 'events', reason: 'not_json', lost: 1 });
    else this.shared.queue.add(json);
  }
}

/** Why an answer is of no use. */
const refusedBecause = ({ reason }: T.Treatment): string =>
  reason === 'UNKNOWN_SURFACE' || reason === 'NO_CANDIDATES' ? reason : 'CLIENT_WRONG_TYPE';

const namesOf = ({ decisionId, experiment, arm, reason }: T.Treatment) => ({
  decisionId,
  experiment,
  arm,
  reason,
});

const typeOf = (value: unknown): string =>
  value === null ? 'null' : Array.isArray(value) ? 'list' : typeof value;

/** 128 random bits; crypto.randomUUID would need a secure context. */
const newId = (): string =>
  Array.from(globalThis.crypto.getRandomValues(new Uint8Array(16)), (byte) =>
    byte.toString(16).padStart(2, '0'),
  ).join('');

/** Null for what JSON cannot say: cycles, BigInt. */
function toJson(value: unknown): string | null {
  try {
    return JSON.stringify(value);
  } catch {
    return null;
  }
}
