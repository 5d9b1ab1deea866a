import { computed, notComputed } from '../computed.js';
import type { Computed } from '../computed.js';
import { normalQuantile } from '../distributions/index.js';
import { allFinite } from '../linear/vectors.js';

const { max, min, sqrt } = Math;

/** Below this many servings of an action its estimate is not near enough to normal for an interval. */
export const LEAST_SERVED = 30;
/** Slack of probabilities that were stored with fewer digits. */
const PROBABILITY_SLACK = 1e-6;

/**
 * The log of a policy whose decisions may each have other candidates: one entry per decision in the order in which
 * they were made, their candidates one after the other.
 */
export interface CandidateLog {
  /** Number of actions; they are numbered from 0. */
  readonly actions: number;
  readonly rewards: ArrayLike<number>;
  /** Number of the action served. */
  readonly chosen: ArrayLike<number>;
  /** Number of the decision's unit, from 0: rewards of one unit are not independent. */
  readonly units: ArrayLike<number>;
  /** Candidates of decision t stand at starts[t] to starts[t + 1] - 1; one longer than the decisions. */
  readonly starts: ArrayLike<number>;
  readonly candidates: ArrayLike<number>;
  /** Probability of each candidate at that decision, given the past. */
  readonly probabilities: ArrayLike<number>;
}

/** An estimate with its interval; null where there is none. */
export interface ActionEstimate {
  readonly estimate: number | null;
  readonly standardError: number | null;
  readonly lower: number | null;
  readonly upper: number | null;
}

export interface ActionValue {
  /** Decisions that could have served it, and those that did. */
  readonly candidate: number;
  readonly served: number;
  /** Plain mean of its rewards: biased, because an action that starts badly is not tried again. */
  readonly naiveMean: number | null;
  readonly value: ActionEstimate;
  /** Value less that of the reference, over the decisions in which both were candidates; null for the reference. */
  readonly difference: ActionEstimate | null;
  /** Smallest probability above 0 with which it was a candidate. */
  readonly leastPropensity: number | null;
  readonly reason: 'few_servings' | 'never_possible' | null;
}

export interface ActionValues {
  /** The action that the others are compared with; null: no action has a value. */
  readonly reference: number | null;
  readonly decisions: number;
  readonly actions: readonly ActionValue[];
}

/** What one action's estimate is made of: the decisions in which it was a candidate. */
interface Track {
  readonly times: Uint32Array;
  readonly scores: Float64Array;
  readonly weights: Float64Array;
  readonly served: number;
  readonly sum: number;
  readonly least: number;
}

const NONE: ActionEstimate = { estimate: null, standardError: null, lower: null, upper: null };

type Problem = 'invalid_input' | 'not_finite' | 'denominator_zero';

function problemOf(log: CandidateLog): Problem | null {
  const { rewards, chosen, units, starts, candidates, probabilities } = log;
  const n = rewards.length;
  if (chosen.length !== n || units.length !== n || starts.length !== n + 1) return 'invalid_input';
  if (starts[n] !== candidates.length || probabilities.length !== candidates.length) return 'invalid_input';
  if (!allFinite(rewards) || !allFinite(probabilities)) return 'not_finite';
  for (let t = 0; t < n; t++) {
    const problem = problemAt(log, t);
    if (problem) return problem;
  }
  return null;
}

function problemAt(
  { actions, chosen, starts, candidates, probabilities }: CandidateLog,
  t: number,
): Problem | null {
  let served: number | null = null;
  for (let i = starts[t] as number; i < (starts[t + 1] as number); i++) {
    const [action, p] = [candidates[i] as number, probabilities[i] as number];
    const isAction = Number.isInteger(action) && action >= 0 && action < actions;
    if (!isAction || p < 0 || p > 1 + PROBABILITY_SLACK) return 'invalid_input';
    if (action === chosen[t]) served = p;
  }
  if (served === null) return 'invalid_input';
  return served === 0 ? 'denominator_zero' : null;
}

/**
 * What the weight of a decision may depend on. `own`: its own probability, for policies that give an action the same
 * probability in every decision of a time. `past`: the probabilities of the decisions before it alone.
 */
export type ActionWeights = 'own' | 'past';

/** Share of the newest inverse probability in their running mean, once there are enough to average. */
const NEWEST = 0.02;

/** Scores and weights of every action: plug-in + 1{served} / e (reward - plug-in), weight sqrt(e) by `weighting`. */
function tracksOf(log: CandidateLog, weighting: ActionWeights): Track[] {
  const { rewards, chosen, starts, candidates, probabilities } = log;
  const sizes = new Uint32Array(log.actions);
  for (let i = 0; i < candidates.length; i++)
    sizes[candidates[i] as number] = (sizes[candidates[i] as number] ?? 0) + 1;
  const tracks = Array.from(sizes, (size) => ({
    times: new Uint32Array(size),
    scores: new Float64Array(size),
    weights: new Float64Array(size),
    served: 0,
    sum: 0,
    least: Infinity,
    length: 0,
    possible: 0,
    inverse: 1,
  }));
  for (let t = 0; t < rewards.length; t++) {
    for (let i = starts[t] as number; i < (starts[t + 1] as number); i++) {
      const track = tracks[candidates[i] as number] as (typeof tracks)[number];
      const e = probabilities[i] as number;
      const plugIn = track.served > 0 ? track.sum / track.served : 0;
      const at = track.length++;
      track.times[at] = t;
      track.weights[at] = weighting === 'own' || e === 0 ? sqrt(e) : 1 / sqrt(track.inverse);
      track.scores[at] = plugIn;
      if (e > 0) {
        track.least = min(track.least, e);
        track.possible += 1;
        track.inverse += (1 / e - track.inverse) * max(1 / track.possible, NEWEST);
      }
      if (candidates[i] !== chosen[t]) continue;
      const reward = rewards[t] as number;
      track.scores[at] = plugIn + (reward - plugIn) / e;
      track.sum += reward;
      track.served += 1;
    }
  }
  return tracks;
}

/** Adds up per unit, then squares: units are independent, decisions of one unit are not. */
class UnitSums {
  private readonly sums: Float64Array;
  constructor(private readonly units: ArrayLike<number>) {
    let most = -1;
    for (let t = 0; t < units.length; t++) most = Math.max(most, units[t] as number);
    this.sums = new Float64Array(most + 1);
  }

  add(time: number, value: number): void {
    const unit = this.units[time] as number;
    this.sums[unit] = (this.sums[unit] as number) + value;
  }

  /** Root of the sum of squares; starts again from 0. */
  takeNorm(): number {
    let sum = 0;
    for (let u = 0; u < this.sums.length; u++) sum += (this.sums[u] as number) ** 2;
    this.sums.fill(0);
    return sqrt(sum);
  }
}

/** Weighted mean of the scores at some positions of a track, and the sum of their weights. */
function meanAt({ scores, weights }: Track, positions: Uint32Array | null): { mean: number; total: number } {
  let [total, sum] = [0, 0];
  const n = positions?.length ?? scores.length;
  for (let j = 0; j < n; j++) {
    const at = positions ? (positions[j] as number) : j;
    total += weights[at] as number;
    sum += (weights[at] as number) * (scores[at] as number);
  }
  return { mean: sum / total, total };
}

function addDeviations(
  sums: UnitSums,
  track: Track,
  positions: Uint32Array | null,
  { mean, total }: { mean: number; total: number },
  sign: 1 | -1,
): void {
  const n = positions?.length ?? track.scores.length;
  for (let j = 0; j < n; j++) {
    const at = positions ? (positions[j] as number) : j;
    const deviation = ((track.weights[at] as number) * ((track.scores[at] as number) - mean)) / total;
    sums.add(track.times[at] as number, sign * deviation);
  }
}

function bounded(estimate: number, standardError: number, q: number): ActionEstimate {
  return {
    estimate,
    standardError,
    lower: estimate - q * standardError,
    upper: estimate + q * standardError,
  };
}

/** Positions in two tracks of the decisions in which both actions were candidates. */
function common(a: Track, b: Track): { inA: Uint32Array; inB: Uint32Array } {
  const inA = new Uint32Array(Math.min(a.times.length, b.times.length));
  const inB = new Uint32Array(inA.length);
  let [i, j, n] = [0, 0, 0];
  while (i < a.times.length && j < b.times.length) {
    const [s, t] = [a.times[i] as number, b.times[j] as number];
    if (s === t) {
      inA[n] = i;
      inB[n++] = j;
    }
    if (s <= t) i++;
    if (t <= s) j++;
  }
  return { inA: inA.subarray(0, n), inB: inB.subarray(0, n) };
}

function differenceOf(a: Track, b: Track, sums: UnitSums, q: number): ActionEstimate {
  const { inA, inB } = common(a, b);
  const [own, other] = [meanAt(a, inA), meanAt(b, inB)];
  if (!(own.total > 0 && other.total > 0)) return NONE;
  addDeviations(sums, a, inA, own, 1);
  addDeviations(sums, b, inB, other, -1);
  return bounded(own.mean - other.mean, sums.takeNorm(), q);
}

function reasonOf({ served, least }: Track): ActionValue['reason'] {
  if (least === Infinity) return 'never_possible';
  return served < LEAST_SERVED ? 'few_servings' : null;
}

const hasValue = (value: ActionEstimate | undefined): boolean => (value?.estimate ?? null) !== null;

/** The action of the highest value among those that have an interval; null without one. */
function bestOf(values: readonly ActionEstimate[]): number | null {
  let best: number | null = null;
  values.forEach(({ estimate }, a) => {
    const leading = best === null ? -Infinity : (values[best]?.estimate as number);
    if (estimate !== null && estimate > leading) best = a;
  });
  return best;
}

/**
 * What each action of a policy is worth, from the policy's own log: adaptively weighted augmented inverse propensity
 * weighting with constant allocation of variance, h = sqrt(e) (Hadad, Hirshberg, Zhan, Wager, Athey 2021, PNAS 118).
 * An action is judged over the decisions in which it was a candidate, and compared with the reference over those in
 * which both were; the deviations of one decision stand together, since its scores are correlated, and those of one
 * unit are added before they are squared. Where every decision has the same candidates and its own unit, this is
 * `aipwConstantAllocation` of `adaptiveEstimates`. Intervals are for one action each; the best of many is picked by its
 * estimate, which flatters it.
 * A policy that reads the context favours an action where it is good. Weights of a decision's own probability would then
 * weigh those contexts more, and flatter every action. So with `weights: 'past'` the weight is 1 / sqrt(m), m the running
 * mean of 1 / e over the decisions before (StableVar of Zhan, Hadad, Hirshberg, Athey 2021, KDD, arXiv 2106.02029): it
 * knows nothing of the decision's context, and the value is that of always serving the action to the units that came.
 * @param options.reference action to compare with; default: the one of the highest value.
 * @param options.weights default `own`, for probabilities that do not depend on the context.
 * Not computed: `invalid_alpha`, `invalid_input` (lengths, no such action, not a probability, served without being a
 * candidate), `not_finite`, `denominator_zero` (served with probability 0), `insufficient_units` (no decisions).
 */
export function actionValues(
  log: CandidateLog,
  options: {
    readonly alpha: number;
    readonly reference?: number | undefined;
    readonly weights?: ActionWeights;
  },
): Computed<ActionValues> {
  if (!(options.alpha > 0 && options.alpha < 1)) return notComputed('invalid_alpha');
  const problem = problemOf(log);
  if (problem) return notComputed(problem);
  if (log.rewards.length === 0) return notComputed('insufficient_units');
  const q = -normalQuantile(options.alpha / 2);
  const tracks = tracksOf(log, options.weights ?? 'own');
  const sums = new UnitSums(log.units);
  const values = tracks.map((track) => {
    if (reasonOf(track) !== null) return NONE;
    const mean = meanAt(track, null);
    addDeviations(sums, track, null, mean, 1);
    return bounded(mean.mean, sums.takeNorm(), q);
  });
  const wanted = options.reference ?? bestOf(values);
  const reference = wanted !== null && hasValue(values[wanted]) ? wanted : null;
  const base = reference === null ? null : (tracks[reference] as Track);
  return computed({
    reference,
    decisions: log.rewards.length,
    actions: tracks.map((track, a): ActionValue => {
      const compared = base !== null && a !== reference && hasValue(values[a]);
      return {
        candidate: track.times.length,
        served: track.served,
        naiveMean: track.served > 0 ? track.sum / track.served : null,
        value: values[a] ?? NONE,
        difference: a === reference ? null : compared ? differenceOf(track, base, sums, q) : NONE,
        leastPropensity: Number.isFinite(track.least) ? track.least : null,
        reason: reasonOf(track),
      };
    }),
  });
}
