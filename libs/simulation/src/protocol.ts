import type { Context, Json } from '#experiments';

/** One question of a client: what shall this place show? (`POST /v1/treatments`, docs/reference/http.md) */
export interface SurfaceRequest {
  readonly surface: string;
  /** What the choice is about, e.g. the title whose artwork is chosen. */
  readonly subject?: string;
  /** Candidates; without them the surface's registered ones. */
  readonly actions?: readonly { readonly id: string; readonly features?: Context }[];
  readonly limit?: number;
  /** Id of the decision that this one is made within. */
  readonly parent?: string;
}

export interface TreatmentRequest {
  readonly unitId: string;
  readonly unitType: string;
  readonly context: Context;
  readonly requests: readonly SurfaceRequest[];
  /**
   * Key of a page that is asked for as a whole (`POST /v1/pages/:key/serve`); there are no `requests` then. The answer is the
   * order of its rows, and for every row the titles in it and their artwork.
   */
  readonly page?: string;
}

/** One answer, in the order of the request's questions. */
export interface ServedTreatment {
  readonly decisionId: string;
  readonly surface: string;
  readonly subject?: string | null;
  readonly experiment: string | null;
  readonly arm: string | null;
  readonly value?: Json;
  readonly action?: string | null;
  readonly slate?: readonly { readonly id: string; readonly propensity: number }[] | null;
  readonly propensity?: number;
  readonly policy?: { readonly key: string; readonly version: string | number } | null;
  readonly reason: string;
  /** The choice was withheld by lot: nothing is to be shown. */
  readonly withheld?: boolean;
}

export type OutcomeName =
  | 'click'
  | 'play'
  | 'watch'
  | 'complete'
  | 'pause'
  | 'skip'
  | 'replay'
  | 'search'
  | 'search_success'
  | 'rating'
  | 'thumbs_up'
  | 'thumbs_down'
  | 'list_add'
  | 'notification_opened'
  | 'session_start'
  | 'cancel';

/** One entry of `POST /v1/events`. */
export interface ClientEvent {
  /** Unique for ever: sending an event twice is harmless. */
  readonly id: string;
  readonly kind: 'exposure' | 'outcome';
  readonly unitId: string;
  /** ISO 8601 time at which it happened on the client. */
  readonly at: string;
  readonly decisionId?: string;
  /** What happened; in the simulated world one of OutcomeName. */
  readonly name?: string;
  /** Seconds for `watch`, 0.5-5 for `rating`. */
  readonly value?: number;
  readonly actionId?: string;
  readonly itemId?: string;
  /** 0-based place in a slate. */
  readonly position?: number;
  readonly properties?: Readonly<Record<string, Json>>;
}

/** What a simulation asks of, and tells, whoever runs it. */
export type Step =
  /** Answer with the treatments of the request, in order. `at` is Unix milliseconds. */
  | { readonly kind: 'serve'; readonly at: number; readonly request: TreatmentRequest }
  /** The event reaches the service at `deliveredAt`, which may be hours after it happened. */
  | { readonly kind: 'event'; readonly deliveredAt: number; readonly event: ClientEvent }
  /** All sessions that begin before `at`, and all events delivered before it, are done. */
  | { readonly kind: 'hour'; readonly at: number };

export type Answer = readonly ServedTreatment[];

/** A generator of steps: give each `serve` step its answer, and anything to the others. */
export type Play<Result> = Generator<Step, Result, Answer | undefined>;
