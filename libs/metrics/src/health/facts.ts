import type { RatePeriod } from '../sequential/rates-over-periods.js';
import type { AssignmentRules, AssignmentState } from './assignment-states.js';

/**
 * What health checks may be told beyond the split. Everything is optional: a check whose facts are missing does not
 * run, so that numbers from elsewhere and old reports are judged by what is known of them. Times are ISO 8601.
 */
export interface HealthDetails {
  /** Units still enter. Decides whether the split is judged by the sequential test or by the one at the end. */
  readonly running?: boolean;
  readonly asOf?: string;
  readonly plan?: PlanFact;
  /** Days within `daysRunning` in which the experiment was paused. */
  readonly pausedDays?: number;
  readonly entries?: readonly EntryFact[];
  readonly groups?: readonly GroupFact[];
  /** How many groups of units there were to choose from when one was chosen; 1: all units are looked at. */
  readonly segmentsLookedAt?: number;
  readonly edits?: readonly EditFact[];
  /** Decisions of the last hour; absent before there are samples to compare with. */
  readonly traffic?: TrafficFact;
  /** Of the newest units, how many were in a phase before they were dealt anew; absent: they never were. */
  readonly dealtAnew?: { readonly phase: number; readonly units: number; readonly seenBefore: number };
  readonly ingestLagSeconds?: number;
  readonly snapshots?: readonly SnapshotFact[];
  readonly overlap?: readonly OverlapFact[];
  readonly concentration?: readonly ConcentrationFact[];
  readonly rewards?: readonly RewardFact[];
  readonly stream?: StreamFact;
  /** Units whose assignment went wrong, and the rules about them. */
  readonly assignment?: AssignmentFact;
  /** Given by whoever estimates the trend of the effect; see trend/. */
  readonly trends?: readonly TrendFact[];
  /** Error-like events and cancellations, every arm against control. */
  readonly eventRates?: readonly EventRateFact[];
  // What follows is filled in by the report itself.
  readonly estimator?: EstimatorFact;
  /** The arm with the fewest units that are old enough for the decision metric. */
  readonly matured?: { readonly metric: string; readonly arm: string; readonly units: number };
  readonly guardrails?: readonly GuardrailFact[];
  readonly metricsLookedAt?: number;
  /** Results that are combined allocation by allocation; absent: all units are compared together. */
  readonly combined?: CombinedFact;
  readonly maturity?: readonly MaturityFact[];
  readonly balance?: readonly BalanceFact[];
}

export interface CombinedFact {
  /** Decision metrics and guardrails that cannot be combined; they keep the verdict blocked. */
  readonly blocked: readonly string[];
  /** Secondary metrics that are still compared over all units together. */
  readonly pooled: readonly string[];
  /** Most units that a result leaves out, because their allocation has too few in an arm. */
  readonly leftOut: number;
}

export interface EstimatorFact {
  readonly title: string;
  readonly validUnderPeeking: boolean;
  /** Where looks are planned. Shares of the planned units; `next` is null at a planned look and after the last. */
  readonly looks?: { readonly now: number; readonly next: number | null };
}

export interface PlanFact {
  /** Full days it should run at least; never fewer than a week. */
  readonly days: number;
  /** When these days are over; null: it has not begun. */
  readonly endsAt: string | null;
  /** Units of all arms that were planned; null: no number was planned. */
  readonly units: number | null;
}

/** Units that entered on one day under one allocation; both lists have the order of `HealthFacts.arms`. */
export interface EntryFact {
  readonly day: string;
  readonly weights: readonly number[];
  readonly units: readonly number[];
}

/** Units with one value of an attribute, and how many the allocation would have put into each arm. */
export interface GroupFact {
  readonly dimension: string;
  readonly value: string;
  readonly units: readonly number[];
  readonly expected: readonly number[];
}

/** A change while units were in it, by kind. */
export interface EditFact {
  readonly at: string;
  readonly what: readonly ('allocation' | 'targeting' | 'traffic' | 'metrics' | 'arms')[];
  /** Whether a new phase began with it, so that units before and after are told apart. */
  readonly newPhase: boolean;
}

export interface SnapshotFact {
  readonly arm: string;
  readonly policy: string;
  readonly ageSeconds: number;
  /** Usual seconds between two snapshots. */
  readonly cadenceSeconds: number;
}

/** Weights 1 / propensity of an arm that a policy serves. */
export interface OverlapFact {
  readonly arm: string;
  readonly decisions: number;
  /** (sum of weights)^2 / sum of squared weights. */
  readonly effectiveSize: number;
  readonly minPropensity: number;
  /** Least probability that the policy promises; 0: none. */
  readonly floor: number;
  /** Decisions whose propensity is not in (0, 1] or whose probabilities were not kept. */
  readonly missing: number;
}

/** How much of what an arm earned came from one unit. */
export interface ConcentrationFact {
  readonly arm: string;
  /** What was summed: a metric's title, or the rewards of a policy. */
  readonly of: string;
  /** Units with something in them. */
  readonly units: number;
  readonly topShare: number;
}

export interface RewardFact {
  readonly arm: string;
  readonly rewards: number;
  /** Largest distance of a reward from the mean in standard deviations; null: two values only, or no spread. */
  readonly maxZ: number | null;
  /** Not a finite number, or outside of the range that the policy's reward states. */
  readonly odd: number;
}

/** Of the whole event stream: an event that has lost its decision belongs to no experiment. */
export interface StreamFact {
  readonly eventsStored: number;
  readonly duplicates: number;
  readonly exposuresWithoutDecision: number;
  /** A sample of the newest events; how many came over an hour after they happened, or from the future. */
  readonly sampled: number;
  readonly late: number;
  readonly early: number;
  /** Of the sampled outcomes that name a decision, those whose decision is not stored. */
  readonly outcomesWithDecision: number;
  readonly unmatched: number;
}

export interface AssignmentFact {
  readonly rules: AssignmentRules;
  /** Units that the experiment has in a state, whether they are left out or not; states without any are absent or 0. */
  readonly states: readonly { readonly state: AssignmentState; readonly units: number }[];
  /** All units, those left out included; in the order of `HealthFacts.arms`. */
  readonly everybody: { readonly units: readonly number[]; readonly entries: readonly EntryFact[] };
  readonly unseen: readonly UnseenFact[];
}

/** Of the newest decisions of an arm that are old enough: units, and those of them that were never exposed. */
export interface UnseenFact {
  readonly arm: string;
  readonly decided: number;
  readonly unseen: number;
}

export interface TrafficFact {
  readonly decisions: number;
  /** By an earlier hour, scaled by the shares of traffic then and now. */
  readonly expected: number;
  /** When the hour began. */
  readonly since: string;
  /** The last change within the day; null: none. */
  readonly change: { readonly at: string; readonly what: readonly string[] } | null;
}

export interface TrendFact {
  readonly metric: string;
  readonly arm: string;
  /** Change of the lift per day since exposure. */
  readonly slopePerDay: number;
  /** After correction for false discoveries over metrics and arms. */
  readonly qValue: number;
}

/** Units of an arm and of control that had an event since exposure, by the allocation under which they entered. */
export interface EventRateFact {
  readonly event: string;
  readonly arm: string;
  readonly periods: readonly RatePeriod[];
}

export interface GuardrailFact {
  readonly metric: string;
  readonly arm: string;
  /** Tolerated relative deterioration. */
  readonly margin: number;
  /** The end of the lift's interval that is better for the product, as a deterioration; null: no such end. */
  readonly leastHarm: number | null;
  /** Clearly worse than the baseline, and not shown to be within the margin. */
  readonly harmed: boolean;
}

export interface MaturityFact {
  readonly metric: string;
  readonly matured: number;
  readonly enrolled: number;
}

/** The covariate, which was measured before exposure, compared between arms. */
export interface BalanceFact {
  readonly metric: string;
  readonly arm: string;
  readonly units: number;
  readonly pValue: number;
}
