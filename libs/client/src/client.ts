import { AnswerCache, pageStore } from './answer-cache.js';
import type { Store } from './answer-cache.js';
import { EventQueue } from './event-queue.js';
import { EventStore } from './event-store.js';
import { onPage } from './page-life.js';
import { createBeacon, createPost } from './post.js';
import type { Post, Posted } from './post.js';
import type * as T from './types.js';

export type AskOptions = Omit<T.TreatmentRequest, 'surface'> & ServeOptions;
export interface ServeOptions {
  /** True when the answer is shown for certain: it is exposed as soon as it is there, and only then: no default is. */
  readonly expose?: boolean;
}
export interface Treatments {
  /** In the order of the requests; on failure the last good answers if there is one to every request, else empty. */
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
  const store = options.store === undefined ? pageStore() : options.store;
  const kept = new EventStore(store, `marquee events ${options.url}`, options.maxQueued ?? 1_000);
  const queue = new EventQueue(post, createBeacon(options.url, options.key), kept, report, options);
  const shared = {
    ...{ post, queue, report, cache: cacheOf(options, store), consent: options.consent ?? 'granted' },
    stopListening: onPage(
      () => void queue.leave(),
      () => queue.resume(),
    ),
  };
  const client = new Client(options, shared);
  client.setConsent(shared.consent);
  return client;
}

function cacheOf(
  { url, unitId, unitType = 'member', cacheMs = 86_400_000 }: T.ClientOptions,
  store: Store | null,
): AnswerCache {
  return new AnswerCache(store, `marquee ${url}`, `${unitType} ${unitId}`, cacheMs);
}

interface Shared {
  readonly post: Post;
  readonly queue: EventQueue;
  readonly report: (problem: T.ClientProblem) => void;
  readonly stopListening: () => void;
  readonly cache: AnswerCache;
  consent: T.Consent;
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
    if (this.shared.consent !== 'granted') return { treatments: [], failure: 'CLIENT_NO_CONSENT' };
    // Never asked of the server itself: it would count an answer that comes too late to be shown.
    const body = toJson({ unitId, unitType, context, requests, expose: false }) ?? '';
    const answer = await this.shared.post('/v1/treatments', body, timeoutMs);
    // Withdrawn meanwhile: as if nothing had been asked.
    if ((this.shared.consent as T.Consent) !== 'granted')
      return { treatments: [], failure: 'CLIENT_NO_CONSENT' };
    const served = this.read(answer, `${unitType} ${unitId}`, requests);
    if (expose)
      for (const treatment of served.treatments) if (isShowable(treatment)) this.expose(treatment.decisionId);
    return served;
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
    return this.ask(surface, fallback, options, ({ action }) =>
      typeof action === 'string' ? action : undefined,
    );
  }

  /** The ids to show, in order. */
  slate(
    surface: string,
    fallback: readonly string[],
    options?: AskOptions,
  ): Promise<T.Answer<readonly string[]>> {
    return this.ask(surface, fallback, options, ({ slate }) => {
      const ids = idsOf(slate);
      return ids?.length ? ids : undefined;
    });
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
      return idsOf(treatment.slate);
    });
    return { ...answer, nextSession };
  }

  /** The unit saw the decision. Null (a default was shown) is ignored, and saying it twice of one position counts once. */
  expose(decisionId: string | null, details: Omit<T.EventDetails, 'decisionId'> = {}): void {
    if (decisionId === null) return;
    const id = details.actionId === undefined ? `seen-${decisionId}-${details.position ?? ''}` : newId();
    this.capture({ id, kind: 'exposure' }, { ...details, decisionId });
  }

  /**
   * The unit was shown the caller's own default in place of this decision, e.g. because the page did not wait for it. It is
   * no exposure: reports leave such units out. Keep the default for the rest of the visit.
   */
  showedDefault(decisionId: string | null): void {
    if (decisionId === null) return;
    this.capture({ id: `default-${decisionId}`, kind: 'outcome', name: 'default_shown' }, { decisionId });
  }

  /** The unit did something: `play`, `watch` with its seconds as value, `rating`, `cancel`... */
  outcome(name: string, details: T.EventDetails = {}): void {
    this.capture({ id: newId(), kind: 'outcome', name }, details);
  }

  /** The same client for another unit, with the same queue; for servers. */
  forUnit(unitId: string, context: T.Context = {}): Client {
    return new Client({ ...this.options, unitId, context }, this.shared);
  }

  /**
   * What the person agreed to; holds for all clients made of this one. `granted` sends what waited; `denied` drops it and
   * removes what was stored. What the server has already is erased with `DELETE /v1/units/:id`.
   */
  setConsent(consent: T.Consent): void {
    const { cache, queue } = this.shared;
    this.shared.consent = consent;
    if (consent === 'granted') cache.load();
    else cache.clear();
    if (consent === 'denied') queue.clear();
    queue.hold(consent !== 'granted');
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
    const { treatments, failure } = await this.treatments([{ ...request, surface }]);
    const treatment = treatments[0];
    const value = treatment?.withheld ? fallback : treatment && read(treatment);
    if (!treatment || value === undefined) {
      const reason = treatment ? refusedBecause(treatment) : (failure ?? 'CLIENT_NO_ANSWER');
      return { value: fallback, decisionId: null, experiment: null, arm: null, reason };
    }
    if (expose) this.expose(treatment.decisionId);
    return { ...namesOf(treatment), value, ...marksOf(treatment, failure) };
  }

  /** What an answer says; the last good answers where it says nothing. */
  private read(answer: Posted, unit: string, requests: readonly T.TreatmentRequest[]): Treatments {
    const { cache, report } = this.shared;
    const treatments = (answer.body as { treatments?: unknown } | null)?.treatments;
    const failure = answer.failure ?? 'CLIENT_NO_ANSWER';
    try {
      if (answer.failure === null && isAnswer(treatments)) {
        cache.keep(unit, requests, treatments);
        return { treatments, failure: null };
      }
      report({
        what: 'treatments',
        reason: answer.status >= 400 ? `http_${answer.status}` : failure,
        lost: 0,
      });
      const kept = requests.map((request) => cache.get(unit, request));
      return { treatments: kept.every((treatment) => treatment !== undefined) ? kept : [], failure };
    } catch {
      // What was asked is no question that JSON can say.
      return { treatments: [], failure };
    }
  }

  private capture(
    event: { id: string; kind: string; name?: string },
    { at = new Date(), ...details }: T.EventDetails,
  ): void {
    const json = toJson({ ...event, unitId: this.options.unitId, at, ...details });
    if (this.shared.consent === 'denied')
      this.shared.report({ what: 'events', reason: 'no_consent', lost: 1 });
    else if (json === null) this.shared.report({ what: 'events', reason: 'not_json', lost: 1 });
    else this.shared.queue.add(json);
  }
}

/** What something between the server and here made of an answer is none. */
const isAnswer = (treatments: unknown): treatments is readonly T.Treatment[] =>
  Array.isArray(treatments) &&
  treatments.every((one: unknown) => typeof one === 'object' && one !== null && 'reason' in one);

/** Undefined for what is no list of ids. */
function idsOf(slate: unknown): string[] | undefined {
  if (!Array.isArray(slate)) return undefined;
  const ids = slate.map((one: { id?: unknown } | null) => one?.id);
  return ids.every((id) => typeof id === 'string') ? ids : undefined;
}

/** Whether an answer is something to show at all. */
const isShowable = (treatment: T.Treatment): boolean =>
  treatment.reason !== 'UNKNOWN_SURFACE' && treatment.reason !== 'NO_CANDIDATES';

/** Why an answer is of no use. */
const refusedBecause = (treatment: T.Treatment): string =>
  isShowable(treatment) ? 'CLIENT_WRONG_TYPE' : treatment.reason;

const namesOf = ({ decisionId, experiment, arm, reason }: T.Treatment) => ({
  decisionId,
  experiment,
  arm,
  reason,
});

const marksOf = ({ withheld }: T.Treatment, failure: T.Failure | null) => ({
  ...(withheld ? ({ withheld } as const) : {}),
  ...(failure === null ? {} : ({ reason: failure, cached: true } as const)),
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
