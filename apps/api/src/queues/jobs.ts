import type { Context, ContextValue, DecisionReason, Json, Slice } from '#experiments';

/** Queue names. One processor class per queue; see DESIGN 4 for who feeds whom. */
export const QUEUES = {
  /** Batches of decisions and client events on their way to the fact tables. */
  ingest: 'ingest',
  /** One job per policy: settle closed attribution windows, learn, snapshot. */
  learn: 'learn',
  /** Training runs of recommenders, in a process of their own. */
  train: 'train',
  /** Rollups of facts into per-unit metrics and moments. */
  rollup: 'rollup',
  /** Partitions, retention, late sweeps. */
  maintenance: 'maintenance',
  /** Start and end dates, ramps and goals of experiments; samples of their traffic. */
  schedule: 'schedule',
  /** Webhooks that are due. */
  webhooks: 'webhooks',
  /** Guardrails, the split and errors of running experiments, every minute. */
  guardrails: 'guardrails',
} as const;

/** What a policy's shadow would have done, as kept in the decision. `failed` stands in the place of an answer. */
export interface ShadowRecord {
  readonly policyId: string;
  /** 0 before anything was learned. */
  readonly version: number;
  /** An action id, or the ids of a slate in order. */
  readonly chosen?: Json;
  /** Probability that the shadow gives to its own choice, and to what was served. */
  readonly propensity?: number;
  readonly servedPropensity?: number;
  /** Its choice is what was served. */
  readonly agrees?: boolean;
  readonly failed?: string;
}

/** One served answer, exactly as stored in table `decision`. `at` is Unix milliseconds. */
export interface DecisionRecord {
  /** ULID; its time part equals `at`. */
  readonly id: string;
  readonly at: number;
  readonly unitId: string;
  readonly unitType: string;
  readonly surface: string;
  readonly subject: string | null;
  readonly experiment: string | null;
  readonly arm: string | null;
  readonly phase: number | null;
  readonly kind: 'value' | 'action' | 'slate';
  /** value: the value; action: the action id; slate: [{id, propensity}] in order. */
  readonly chosen: Json;
  /** Probability of exactly this action (or slate), given arm, context and snapshot. */
  readonly propensity: number;
  readonly armPropensity: number;
  readonly policyId: string | null;
  readonly policyVersion: number | null;
  readonly candidates: readonly string[];
  /** Per candidate, for actions; null for values. For slates: null, the propensities stand in `chosen`. */
  readonly probabilities: readonly number[] | null;
  readonly context: Readonly<Record<string, ContextValue>>;
  /** Features that the request gave, of the served actions by id; absent where all came from the item table. */
  readonly features?: Readonly<Record<string, Context>>;
  readonly seed: string;
  readonly reason: DecisionReason;
  readonly fallback: string | null;
  readonly holdout: string | null;
  readonly exposed: boolean;
  readonly latencyMicros: number;
  /** Absent for ordinary decisions, which are learned from. */
  readonly slice?: Exclude<Slice, 'learning'>;
  /** Absent where the policy has no shadow. */
  readonly shadow?: ShadowRecord;
  /** True: `chosen` was not shown, so that the lift of showing can be measured. Absent where the policy withholds nothing. */
  readonly withheld?: boolean;
  /** Probability of being withheld, or of being shown; it multiplies with `propensity`. There with `withheld`. */
  readonly withholdPropensity?: number;
  /** The decision that this one was made within; absent for one that stands alone. */
  readonly parentId?: string;
  /** Product of the propensities from the top of the stack down to this one; absent where a parent came from another request. */
  readonly jointPropensity?: number;
  /** Of the registry of features; absent while nothing is registered. */
  readonly featureVersion?: number | undefined;
  /** What no policy was told: sensitive attributes, for the audit of fairness, and the consents. Absent where there is nothing. */
  readonly audit?: Context;
  /** Of the unit that asked, where this one is another's (see persistence/asked-mark.ts); absent where it asked itself. */
  readonly askedMark?: string;
  /** Seconds after which the reward window closes; null: nothing to learn (fallback, value, never-learning policy). 0: no window. */
  readonly rewardWindowSeconds: number | null;
}

/** One validated client event. `at` and `receivedAt` are Unix milliseconds. */
export interface ClientEvent {
  readonly id: string;
  readonly kind: 'exposure' | 'outcome';
  readonly unitId: string;
  readonly at: number;
  readonly receivedAt: number;
  readonly decisionId: string | null;
  readonly name: string | null;
  readonly value: number | null;
  readonly actionId: string | null;
  readonly itemId: string | null;
  readonly position: number | null;
  readonly properties: Json;
}

/** Decisions on their way to the decision table, one line per decision; see decision-lines.ts. */
export interface DecisionsJob {
  readonly schemaVersion: 2;
  /** Each with its newline. */
  readonly lines: string;
}
/** Events on their way to the event table, one line per event; see event-lines.ts. */
export interface EventLines {
  readonly count: number;
  /** Earliest and latest `at` among the events, Unix milliseconds. */
  readonly firstAt: number;
  readonly lastAt: number;
  /** Lines of PostgreSQL's COPY text format, each ended by a newline. */
  readonly lines: string;
}
export interface EventsJob extends EventLines {
  readonly schemaVersion: 1;
}
export interface LearnJob {
  readonly policyId: string;
}
export type TrainJob =
  | { readonly trainingRunId: string }
  /** What other weights of several objectives would bring. */
  | { readonly tradeOffRunId: string };
