import type { Context, Json, Keyed, ParamsSchema, Rng } from '#experiments';
import type { BestArm } from './bandits/best-arm.js';
import type { Retrieval } from './retrieval/retrieval.js';
import type { Contact } from './wrappers/contact.js';

/** One thing a policy can pick: an artwork variant, a row, a title. */
export interface Action {
  readonly id: string;
  readonly features: Context;
  /** What people call it, where it is registered. */
  readonly title?: string;
}

/** Everything a policy may look at. It returns probabilities or scores, never picks. */
export interface DecisionRequest {
  readonly unitId: string;
  readonly context: Context;
  readonly actions: readonly Action[];
  /** What the choice is about, e.g. the title whose artwork is chosen. */
  readonly subject: string | null;
  /** Unix milliseconds of the request; the only clock a policy sees. */
  readonly at: number;
}

/** What a policy believes about the mean reward of one action. */
export interface Belief {
  readonly mean: number;
  readonly sd: number;
  /** Ends of the range of possible values, where it has some. */
  readonly from?: number;
  readonly to?: number;
  /** Logarithm of the density at x, up to a constant; -Infinity outside the range. */
  logDensity(x: number): number;
}

interface Limited {
  /**
   * Optional: 1 for each action that may be served. The others keep probability 0 in every slot, floor or not; at least
   * one is 1. Absent: all may be served.
   */
  eligible?(request: DecisionRequest): Uint8Array;
  /** Optional: whether the unit may be sent something now, and if not when. */
  contact?(request: DecisionRequest): Contact;
  /** Optional: id of the action that shows or sends nothing; it is never withheld. */
  readonly silent?: string;
}

/** Picks one action. */
export interface Chooser extends Limited {
  readonly decides: 'action';
  /** How the probabilities were computed; Monte-Carlo ones carry the number of draws. */
  readonly propensity: { readonly kind: 'exact' } | { readonly kind: 'monte-carlo'; readonly draws: number };
  /** One probability per action in request order; finite, >= 0, sums to 1. */
  distribution(request: DecisionRequest): Float64Array;
  /** Optional: mean score per action, shown by the decision inspector. */
  scores?(request: DecisionRequest): Float64Array;
  /** Optional: what is believed about each action's mean reward, drawn as curves on the policy's page. */
  beliefs?(request: DecisionRequest): readonly Belief[];
  /** Optional: whether the best of the actions is known, for policies that search for it. */
  bestArm?(request: DecisionRequest): BestArm;
  /**
   * Optional: the next slot of a slate, given the actions already placed (`taken[i] === 1`, which get 0). Without it
   * a slate is drawn from `distribution` without replacement.
   */
  slot?(request: DecisionRequest, taken: Uint8Array): Float64Array;
}

/** One vector of `dimension` numbers per action in request order, row after row; all 0 for an action without one. */
export interface ActionVectors {
  readonly dimension: number;
  readonly rows: Float64Array;
}

/** A part of the reason why an action stands where it stands. */
export interface Reason {
  /** What it is about: `word`, `graph`, `member`. */
  readonly kind: string;
  /** What it adds to the score. */
  readonly adds: number;
  /** In plain words; null where the kind says it all. */
  readonly detail: string | null;
}

/** When a unit is expected to come back. All times are Unix milliseconds; probabilities are unconditional. */
export interface NextSession {
  /** Visits that the request told of. */
  readonly visits: number;
  readonly lastVisitAt: number | null;
  /** Of the unit's wall clock; null: not known, and UTC was used. */
  readonly utcOffsetMinutes: number | null;
  /** Probability of a visit within so many hours. */
  readonly within: readonly { readonly hours: number; readonly probability: number }[];
  /** Nothing is said of what comes later. */
  readonly horizonHours: number;
  /** Expected hours until the next visit, where one beyond the horizon counts as the horizon. */
  readonly meanHours: number;
  /** Until when the visit comes with this probability; null: later than the horizon, or never. */
  readonly quantiles: readonly { readonly probability: number; readonly at: number | null }[];
  /** Probability that the next visit comes in each of the hours from the request on; a week at most. */
  readonly hourly: readonly number[];
}

/** Orders many actions. An Exploration turns its scores into a slate with propensities. */
export interface Ranker extends Limited {
  readonly decides: 'slate';
  /** Optional: `eligible` may leave nothing, and the answer is then an empty slate. */
  readonly mayBeEmpty?: true;
  /** Optional: when the unit comes back. @param within hours to give the probability of a visit for, each > 0. */
  nextSession?(request: DecisionRequest, within?: readonly number[]): NextSession;
  /** One finite score per action in request order; higher is earlier. */
  scores(request: DecisionRequest): Float64Array;
  /** Optional: what the model has learned about each action, for re-rankers that ask how alike two actions are. */
  vectors?(request: DecisionRequest): ActionVectors;
  /**
   * Optional: which of the actions are worth ranking at all, as places in the request; none where nothing is. Asked where
   * the client names no candidates; the others are then not ranked and not recorded.
   * @param open 1 for each action that may be served; null: all may.
   */
  retrieve?(request: DecisionRequest, open: Uint8Array | null): readonly number[];
  /** Optional: how `retrieve` searches a large catalogue; an index of nearest neighbours can be put into it. */
  readonly retrieval?: Retrieval;
  /** Optional: why an action has its score, the strongest first. @param index place in the request. */
  reasons?(request: DecisionRequest, index: number): readonly Reason[];
  /**
   * Optional: what goes around the exploration's rule, slot by slot; its answer is what is drawn from. `scores` are those
   * of this request.
   */
  around?(request: DecisionRequest, scores: Float64Array, rule: SlotRule): SlotRule;
}

export type CompiledPolicy = Chooser | Ranker;

/** A decision together with the reward that its closed attribution window gave it. */
export interface RewardedDecision {
  readonly decisionId: string;
  readonly unitId: string;
  readonly context: Context;
  readonly subject: string | null;
  readonly action: Action;
  /** 0-based position in a slate; 0 for a single choice. */
  readonly position: number;
  readonly propensity: number;
  readonly reward: number;
  /** What else the policy's reward definition measures, by name: costs, further objectives. A missing one counts 0. */
  readonly signals?: Readonly<Record<string, number>>;
  /** Unix milliseconds of the decision. */
  readonly at: number;
}

/** A reward that was learned before all of its outcomes had arrived. */
export interface CorrectedReward extends RewardedDecision {
  /** The reward that was learned for this decision and position before; `reward` takes its place. */
  readonly previous: number;
  /** The signals that were learned with it. */
  readonly previousSignals?: Readonly<Record<string, number>>;
}

interface PolicyBase<P, S> extends Keyed {
  readonly title: string;
  readonly summary: string;
  /** Reference in the literature. */
  readonly reference: string;
  readonly params: ParamsSchema<P>;
  /** Smaller rewards count as this one, so differences below it are not learned. Absent: rewards count as they are. */
  readonly leastReward?: 0;
  /** Raised when the shape of the state changes; snapshots of another version are refused. */
  readonly stateVersion: number;
  /** Earlier versions that have the same shape: they go on serving, also frozen, until the log has been learned again. */
  readonly readableStateVersions?: readonly number[];
  /** Plain JSON; typed arrays travel as base64 by encodeFloats/decodeFloats. */
  encode(state: S): Json;
  decode(json: Json): S;
  compile(state: S, params: P): CompiledPolicy;
}

/** Learns online, from batches of rewarded decisions. `update` must not mutate its input state. */
export interface BanditPolicy<P = unknown, S = unknown> extends PolicyBase<P, S> {
  readonly learns: 'online';
  initialState(params: P): S;
  update(state: S, batch: readonly RewardedDecision[], params: P): S;
  /**
   * Optional, for states that are sums: the state after a compensating update, as if every decision of the batch had
   * been learned with its new reward (up to rounding). Must not mutate its input. Without it corrections wait until
   * the policy learns everything again.
   */
  correct?(state: S, batch: readonly CorrectedReward[], params: P): S;
  /** Optional: whether `correct` keeps its promise under these parameters; absent: it does wherever it is there. */
  corrects?(params: P): boolean;
  /**
   * Members are taken to look at a slate from the top and to stop at what they choose, so what stands below a stand-in that
   * was chosen in the place of a withheld entry is not learned from. Absent: every place speaks for itself.
   */
  readonly stopsAtFirst?: true;
  /** Optional: a first state from history, so that the policy starts (or is evaluated) with what is known. */
  warmStart?(data: TrainingSet, params: P): S;
}

/** Positive feedback for a recommender: `unit` and `item` are row numbers of `units` and `items`. */
export interface TrainingSet {
  readonly units: readonly string[];
  readonly items: readonly string[];
  readonly unit: Uint32Array;
  readonly item: Uint32Array;
  /** Strength of the signal (plays, completion, rating above the member's mean...), > 0. */
  readonly value: Float64Array;
  /** Unix milliseconds. Rows of one unit are in the order of its events, also where the times are equal. */
  readonly at: Float64Array;
  readonly itemFeatures: readonly Context[];
  /**
   * Optional: what was known when the member was asked, frozen at that decision, so that training sees what serving saw.
   * `context[row]` is a place in `contexts`, or -1 where nothing is known.
   */
  readonly contexts?: readonly Context[];
  readonly context?: Int32Array;
  /** Optional: questions with their answers, for policies that learn several tasks at once. */
  readonly tasks?: readonly TaskRows[];
  /** Optional: everything that members did with the items, counting or not, for policies that read the sequence. */
  readonly signals?: SignalRows;
  /** Optional: everything of a kind that can be shown, whether or not anybody has played it. */
  readonly catalogue?: readonly Action[];
  /** Optional: answers to questions of members, and what followed; in order of time. */
  readonly lists?: readonly ShownList[];
}

/** Outcomes about items of a training set in the order of time: plays, pauses, skips, completions... */
export interface SignalRows {
  readonly names: readonly string[];
  readonly devices: readonly string[];
  readonly unit: Uint32Array;
  readonly item: Uint32Array;
  /** Places in `names`. */
  readonly name: Uint32Array;
  /** Places in `devices`: the `device` of the context that the decision froze; -1 where it is not known. */
  readonly device: Int32Array;
  /** Unix milliseconds. */
  readonly at: Float64Array;
  /** 1: the outcome is positive feedback, and so a row of the training set as well. */
  readonly counts: Uint8Array;
}

/** A slate that was shown in answer to a question, with what its items earned. */
export interface ShownList {
  readonly unitId: string;
  /** As it was frozen at the decision; it holds the question. */
  readonly context: Context;
  /** Unix milliseconds. */
  readonly at: number;
  readonly items: readonly string[];
  /** Per item, the probability that it stood there given those above; in (0, 1]. */
  readonly propensities: Float64Array;
  /** Per item, what counting outcomes that name this decision were worth; 0 where nothing followed. */
  readonly earned: Float64Array;
}

/** Questions of one kind and whether it happened: the search found something, the notification was opened. */
export interface TaskRows {
  readonly name: string;
  readonly unit: Uint32Array;
  /** Row numbers of `items`; -1 where the question is about no title. */
  readonly item: Int32Array;
  /** 1: it happened, 0: it did not. */
  readonly label: Uint8Array;
  /** Unix milliseconds. */
  readonly at: Float64Array;
  /** Places in `contexts`; -1 where nothing is known. */
  readonly context: Int32Array;
}

/** One task of a policy that learns several: a trial is an outcome, and answered with yes when the success follows in time. */
export interface TaskDefinition {
  readonly name: string;
  readonly trial: string;
  readonly success: string;
  readonly withinHours: number;
}

/** What a policy reads besides the positive feedback itself. */
export interface TrainingNeeds {
  /** What was known at the decisions that the feedback names. */
  readonly contexts: boolean;
  readonly tasks: readonly TaskDefinition[];
  /** Whether all outcomes about items are read, not only those that count. */
  readonly signals?: boolean;
  /** Kind of the items of the catalogue that is read; absent: none. A policy that reads one also trains without feedback. */
  readonly catalogue?: string;
  /** Shown lists whose context has this attribute; absent: none. */
  readonly listsAbout?: string;
}

/** One point of a training curve, from models that have one. All figures are finite. */
export interface TrainingPoint {
  /** Passes over the data done. */
  readonly epoch: number;
  /** What is minimised, on the data that is fitted; lower is better. */
  readonly loss?: number;
  /** What the model watches to stop early, on data that it keeps aside. */
  readonly validation?: number;
}

/**
 * Told while a model is fitted.
 * @param share done, in [0, 1], never less than before.
 * @param point where the model has just ended a pass over the data.
 */
export type FitProgress = (share: number, point?: TrainingPoint) => void;

/** Where a fit leaves what it has done, so that one that was ended from outside goes on instead of beginning again. */
export interface Checkpoints {
  /** What a fit of the same data, parameters and seed left last; absent: nothing. */
  readonly saved?: unknown;
  /** Told at every point from which a fit can go on; calls `state` only when it wants one. States can be cloned to other processes. */
  offer(state: () => unknown): void;
}

/** How a fit begins, where it does not begin from nothing. */
export interface FitStart<S> {
  /** A fit that goes on from a checkpoint ends with the same bytes as one that was never interrupted. */
  readonly checkpoints?: Checkpoints;
  /** Weights to begin with in place of drawn ones, of a state that `canBeginWith` accepts; the fit then takes fewer passes. */
  readonly from?: S;
}

/** Learns in a training run. */
export interface RecommenderPolicy<P = unknown, S = unknown> extends PolicyBase<P, S> {
  readonly learns: 'batch';
  /** Optional: absent, nothing but the feedback is read. */
  needs?(params: P): TrainingNeeds;
  fit(data: TrainingSet, params: P, rng: Rng, progress: FitProgress, start?: FitStart<S>): S;
  /** Optional: whether a fit with these parameters may begin with this state. Absent: every fit begins from nothing. */
  canBeginWith?(state: S, params: P): boolean;
}

/** A policy that learns nothing. */
export interface StaticPolicy<P = unknown> extends PolicyBase<P, null> {
  readonly learns: 'never';
}

export type Policy<P = unknown, S = unknown> = BanditPolicy<P, S> | RecommenderPolicy<P, S> | StaticPolicy<P>;

export interface SlateItem {
  /** Index into the request's actions. */
  readonly index: number;
  /** Probability that this action stands at this position, given the ones before it. */
  readonly propensity: number;
}

/**
 * One slot of a slate: fills `into` with the probability of every action to stand there, given those already
 * placed (`taken[i] === 1`, which get 0). The rest is >= 0 and sums to 1. `place` is the slot's number, from 0.
 */
export type SlotRule = (taken: Uint8Array, into: Float64Array, place: number) => void;

/** Made once per request from its scores; the rule is then asked slot after slot. */
export type CompiledExploration = (scores: Float64Array) => SlotRule;

/**
 * Turns the scores of a Ranker into probabilities, slot by slot. It draws nothing: sampling happens in serve.ts
 * alone, so the propensity that is logged is the probability that was used.
 */
export interface Exploration<O = unknown> extends Keyed {
  readonly title: string;
  readonly summary: string;
  readonly params: ParamsSchema<O>;
  compile(params: O): CompiledExploration;
}
