import type { Store } from './answer-cache.js';

/** The client's words: what `POST /v1/treatments` and `POST /v1/events` take and give, and the options. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
export type Context = Readonly<Record<string, string | number | boolean | null | readonly string[]>>;

export interface TreatmentRequest {
  readonly surface: string;
  /** What the choice is about, such as the title whose artwork is chosen. */
  readonly subject?: string;
  /** Candidates; without them the surface's registered ones. */
  readonly actions?: readonly { readonly id: string; readonly features?: Context }[];
  /** Length of a slate. */
  readonly limit?: number;
  /** What this is decided within: index of an earlier request of the same call, or the `decisionId` of an earlier answer. */
  readonly parent?: number | string;
}

export interface Treatment {
  readonly decisionId: string;
  readonly surface: string;
  readonly subject?: string;
  readonly experiment: string | null;
  readonly arm: string | null;
  readonly kind: 'value' | 'action' | 'slate';
  readonly value?: Json;
  readonly action?: string | null;
  readonly slate?: readonly { readonly id: string; readonly propensity: number }[];
  /** Probability of exactly this answer. */
  readonly propensity: number;
  readonly policy: { readonly key: string; readonly version: number } | null;
  readonly reason: string;
  /** Whom the experiment compares, where it is not this unit: send events that count for it by `forUnit` of this one. */
  readonly unit?: { readonly unitId: string; readonly unitType: string };
  /** Show what the place would show without Marquee, and send its exposure: the lift of showing is being measured. */
  readonly withheld?: true;
  /** When the unit comes back, of policies that foresee it. */
  readonly nextSession?: NextSession;
  /** Whether the unit may be sent something now, and when to ask again; of policies with rules about it. */
  readonly contact?: {
    readonly status: 'open' | 'declined' | 'capped' | 'quiet' | 'later';
    /** Unix milliseconds of the next moment that the rules allow; null: none is known. */
    readonly nextAt: number | null;
    /** Add this moment to the list of messages that the context has next time: one was sent, or withheld by lot. */
    readonly counts: boolean;
  };
}

/** When a unit is expected to come back. */
export interface NextSession {
  /** Probability of a visit within so many hours from now. */
  readonly within: readonly { readonly hours: number; readonly probability: number }[];
  /** Unix milliseconds until when the unit comes back with each probability; null: later than the horizon, or never. */
  readonly quantiles: readonly { readonly probability: number; readonly at: number | null }[];
  /** Expected hours until the next visit; later than the horizon counts as the horizon. */
  readonly meanHours: number;
  readonly horizonHours: number;
}

/** Titles to load ahead, and when they will be wanted; null where the policy does not foresee it. */
export interface Prefetch extends Answer<readonly string[]> {
  readonly nextSession: NextSession | null;
}

/** Why the default was used instead of an answer of the server. */
export type Failure =
  | 'CLIENT_TIMEOUT'
  | 'CLIENT_UNREACHABLE'
  | 'CLIENT_REFUSED'
  | 'CLIENT_NO_ANSWER'
  | 'CLIENT_WRONG_TYPE'
  | 'CLIENT_NO_CONSENT';

/**
 * What a person agreed to. `granted`: everything. `pending`: nothing is asked, sent or stored; events wait in memory.
 * `denied`: nothing either, and nothing waits.
 */
export type Consent = 'granted' | 'pending' | 'denied';

/** What a helper returns: always something to show. */
export interface Answer<T> {
  readonly value: T;
  /** Goes with the events that follow; null where `value` is the caller's default, of which nothing can be learned. */
  readonly decisionId: string | null;
  readonly experiment: string | null;
  readonly arm: string | null;
  /** The server's reason, or a `Failure`. */
  readonly reason: string;
  /** `value` is the caller's default because what was chosen is withheld; expose it as any other. */
  readonly withheld?: true;
  /** The last good answer, because there was none now; `reason` is the failure. Expose it as any other. */
  readonly cached?: true;
}

export interface EventDetails {
  readonly decisionId?: string | null;
  readonly value?: number;
  readonly actionId?: string;
  readonly itemId?: string;
  /** 0-based place in the slate. */
  readonly position?: number;
  readonly properties?: Readonly<Record<string, Json>>;
  /** When it happened; now by default. */
  readonly at?: Date;
}

/** Something a product may want to log: the client itself neither throws nor prints. */
export interface ClientProblem {
  readonly what: 'treatments' | 'events';
  readonly reason: string;
  /** Events that are gone with it; 0 when they will be sent again. */
  readonly lost: number;
}

export interface ClientOptions {
  /** Address of the API, such as `https://marquee.example.org`. */
  readonly url: string;
  /** A publishable key; no other belongs on a device. */
  readonly key: string;
  /** Pseudonymous id of who is randomised. */
  readonly unitId: string;
  /** `member` by default. */
  readonly unitType?: string;
  /** Attributes known now, for targeting and contextual policies. */
  readonly context?: Context;
  readonly fetch?: typeof globalThis.fetch;
  /** How long treatments are waited for before the defaults show, ms. Default 1000; choose less on a server. */
  readonly timeoutMs?: number;
  /** Events that leave together at once. Default 50, at most 1000. */
  readonly flushAt?: number;
  /** Longest time an event waits for company, ms. Default 5000. */
  readonly flushMs?: number;
  /** Events kept while the server is away, in memory and in the store; beyond it the oldest go. Default 1000. */
  readonly maxQueued?: number;
  /** First and longest delay before a failed batch is sent again, ms. Default 1000 and 60000. */
  readonly retryMs?: readonly [first: number, longest: number];
  /** Default `granted`. Start with `pending` where consent is asked for, then call `setConsent`. */
  readonly consent?: Consent;
  /** How old the last good answer may be that shows while the server is away, ms. Default one day; 0: none is kept. */
  readonly cacheMs?: number;
  /** Where the unit's last good answers and unsent events outlive the page: localStorage in browsers by default; null: nowhere. */
  readonly store?: Store | null;
  readonly onProblem?: (problem: ClientProblem) => void;
}
