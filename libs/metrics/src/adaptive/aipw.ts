import { computed, notComputed } from '../computed.js';
import type { Computed } from '../computed.js';
import { allFinite } from '../linear/vectors.js';

const { max, min, sqrt } = Math;

/** Slack of a probability that was stored with fewer digits. */
const PROBABILITY_SLACK = 1e-9;

/** The log of a bandit: one entry per decision, in the order in which they were made. */
export interface AdaptiveLog {
  readonly rewards: ArrayLike<number>;
  /** Index of the arm served. */
  readonly arms: ArrayLike<number>;
  /** Probability of each arm at that time, given the past (T x K). */
  readonly probabilities: readonly ArrayLike<number>[];
}

/** A value per arm; null where the arm never had a weight. */
export interface ArmEstimates {
  readonly estimates: readonly (number | null)[];
  readonly standardErrors: readonly (number | null)[];
}

export interface AdaptiveEstimates {
  /** Plug-in 0, equal weights. */
  readonly ipwUniform: ArmEstimates;
  readonly aipwUniform: ArmEstimates;
  /** Weights sqrt(e): constant allocation of variance. */
  readonly aipwConstantAllocation: ArmEstimates;
  /** Two-point allocation: close to normal also for arms whose probability decays to the floor. */
  readonly aipwTwoPoint: ArmEstimates;
  /** Arms 1.. minus arm 0 under constant allocation, with their joint standard error. */
  readonly contrasts: ArmEstimates;
  /** Plain means: biased, because an arm that starts badly is not tried again. null: never served. */
  readonly naiveMeans: readonly (number | null)[];
}

/** Per arm a series over time, one Float64Array of length T each. */
type Series = readonly Float64Array[];

function armCount(data: AdaptiveLog): number {
  return data.probabilities[0]?.length ?? 0;
}

function problemOf(data: AdaptiveLog): 'invalid_input' | 'not_finite' | 'denominator_zero' | null {
  const { rewards, arms, probabilities } = data;
  const k = armCount(data);
  if (arms.length !== rewards.length || probabilities.length !== rewards.length) return 'invalid_input';
  if (probabilities.some((row) => row.length !== k)) return 'invalid_input';
  if (!allFinite(rewards) || !probabilities.every(allFinite)) return 'not_finite';
  if (probabilities.some((row) => !areProbabilities(row))) return 'invalid_input';
  for (let t = 0; t < rewards.length; t++) {
    // An arm that does not exist has no probability.
    const served = probabilities[t]?.[arms[t] as number];
    if (served === undefined) return 'invalid_input';
    if (served === 0) return 'denominator_zero';
  }
  return null;
}

function areProbabilities(row: ArrayLike<number>): boolean {
  return Array.from(row).every((p) => p >= 0 && p <= 1 + PROBABILITY_SLACK);
}

/** Score of one arm at each time: plug-in + 1{served} / e (reward - plug-in), the plug-in from earlier rewards. */
function scoresOf(data: AdaptiveLog, arm: number, usePlugIn: boolean): Float64Array {
  const { rewards, arms, probabilities } = data;
  const scores = new Float64Array(rewards.length);
  let sum = 0;
  let count = 0;
  for (let t = 0; t < scores.length; t++) {
    const plugIn = usePlugIn && count > 0 ? sum / count : 0;
    scores[t] = plugIn;
    if (arms[t] !== arm) continue;
    const reward = rewards[t] as number;
    scores[t] = plugIn + (reward - plugIn) / (probabilities[t]?.[arm] as number);
    sum += reward;
    count += 1;
  }
  return scores;
}

/** Weights of two-point allocation for one arm by stick breaking over the decisions (Hadad et al. 2021). */
function twoPointWeights(probabilities: Float64Array, decay: number): Float64Array {
  const horizon = probabilities.length;
  let stick = 1;
  return probabilities.map((e, i) => {
    const t = i + 1;
    const low = (1 - decay) / (1 - decay + horizon * (t / horizon) ** decay - t);
    const rate = min(1, max(0, (1 - e) * low + e / (1 + horizon - t)));
    const piece = stick * rate;
    stick -= piece;
    return sqrt(max(0, piece * e));
  });
}

const total = (values: Float64Array): number => values.reduce((sum, value) => sum + value, 0);

function weightedMean(scores: Float64Array, weights: Float64Array): number | null {
  const all = total(weights);
  return all > 0 ? scores.reduce((sum, score, t) => sum + (weights[t] as number) * score, 0) / all : null;
}

/** Each time's share in the deviation of the estimate from its mean. */
function deviations(scores: Float64Array, weights: Float64Array, estimate: number): Float64Array {
  const all = total(weights);
  return scores.map((score, t) => ((weights[t] as number) * (score - estimate)) / all);
}

const norm = (values: Float64Array): number => sqrt(values.reduce((sum, value) => sum + value * value, 0));

function estimate(scores: Series, weights: Series): ArmEstimates {
  const estimates = scores.map((score, a) => weightedMean(score, weights[a] as Float64Array));
  const standardErrors = estimates.map((value, a) =>
    value === null ? null : norm(deviations(scores[a] as Float64Array, weights[a] as Float64Array, value)),
  );
  return { estimates, standardErrors };
}

/** Contrasts with arm 0; scores of one decision are correlated between arms, so deviations are subtracted first. */
function contrastsOf(scores: Series, weights: Series, estimates: ArmEstimates['estimates']): ArmEstimates {
  const part = (a: number): Float64Array | null => {
    const value = estimates[a] ?? null;
    return value === null ? null : deviations(scores[a] as Float64Array, weights[a] as Float64Array, value);
  };
  const base = part(0);
  const pairs = scores.slice(1).map((_, i) => {
    const own = part(i + 1);
    if (!base || !own) return { value: null, error: null };
    return {
      value: (estimates[i + 1] as number) - (estimates[0] as number),
      error: norm(own.map((value, t) => value - (base[t] as number))),
    };
  });
  return { estimates: pairs.map(({ value }) => value), standardErrors: pairs.map(({ error }) => error) };
}

/**
 * Values of the arms of a bandit from its own log: inverse propensity weighting (IPW) and its augmented form
 * (AIPW) with the adaptive weights of Hadad, Hirshberg, Zhan, Wager, Athey 2021 (PNAS 118), under which the
 * estimates are close to normal although the probabilities followed the rewards. Not computed: `invalid_input`
 * (lengths differ, no such arm, not a probability), `not_finite`, `denominator_zero` (an arm was served with
 * probability 0), `insufficient_units` (no decisions).
 * @param decay of the probability floor t^-decay that two-point allocation assumes, in [0, 1).
 */
export function adaptiveEstimates(data: AdaptiveLog, decay = 0.7): Computed<AdaptiveEstimates> {
  const problem = problemOf(data);
  if (problem) return notComputed(problem);
  if (!(decay >= 0 && decay < 1)) return notComputed('invalid_input');
  const horizon = data.rewards.length;
  if (horizon === 0) return notComputed('insufficient_units');
  const arms = Array.from({ length: armCount(data) }, (_, a) => a);
  const probabilities = arms.map((a) => Float64Array.from(data.probabilities, (row) => row[a] as number));
  const uniform = arms.map(() => new Float64Array(horizon).fill(1));
  const constant = probabilities.map((e) => e.map((p) => sqrt(p)));
  const twoPoint = probabilities.map((e) => twoPointWeights(e, decay));
  const scores = arms.map((a) => scoresOf(data, a, true));
  const allocation = estimate(scores, constant);
  return computed({
    ipwUniform: estimate(
      arms.map((a) => scoresOf(data, a, false)),
      uniform,
    ),
    aipwUniform: estimate(scores, uniform),
    aipwConstantAllocation: allocation,
    aipwTwoPoint: estimate(scores, twoPoint),
    contrasts: contrastsOf(scores, constant, allocation.estimates),
    naiveMeans: arms.map((a) => naiveMean(data, a)),
  });
}

function naiveMean({ rewards, arms }: AdaptiveLog, arm: number): number | null {
  let sum = 0;
  let count = 0;
  for (let t = 0; t < rewards.length; t++) {
    if (arms[t] !== arm) continue;
    sum += rewards[t] as number;
    count += 1;
  }
  return count > 0 ? sum / count : null;
}
