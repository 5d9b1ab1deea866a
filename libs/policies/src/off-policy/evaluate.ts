import { DomainError } from '#experiments';
import { BOOTSTRAP, bootstrapIntervals } from './bootstrap.js';
import { meanTerms } from './contract.js';
import type { Evidence, Interval, LoggedRows, TermBounds, Terms } from './contract.js';
import { modelChoice } from './cross-fit.js';
import { diagnose } from './diagnostics.js';
import type { OffPolicyDiagnostics } from './diagnostics.js';
import { offPolicyRegistry } from './estimators/index.js';
import { evidenceOf } from './evidence.js';
import { gateParams, judgeCandidate } from './gate.js';
import type { GateVerdict, PairedDifference } from './gate-clauses.js';
import { ownRows } from './own-rows.js';
import type { OwnRows } from './own-rows.js';
import { clustersOf, empiricalBernstein, normalInterval, pointEstimate } from './statistics.js';
import type { Clusters } from './statistics.js';
import { correctedBy, correctedRange, extremes, largestOf } from './weights.js';

export interface OffPolicyOptions {
  /** Estimators by key, with parameters; absent: all of them with their defaults. */
  readonly estimators?: readonly { readonly key: string; readonly params?: unknown }[];
  /** Absent: ridge where there is a context, else the mean per action. */
  readonly model?: { readonly key: string; readonly params?: unknown };
  /** Folds of the cross-fitting, by unit; 1 fits and judges on the same rows. */
  readonly folds?: number;
  /** Confidence level of every interval. */
  readonly level?: number;
  readonly bootstrap?: { readonly resamples?: number; readonly seed?: number; readonly groups?: number };
  /** The log gave every action at least this probability. Not needed where `behaviour` is recorded. */
  readonly floor?: number;
  /** Least and largest reward that are possible, wherever the log shows no others; absent: those observed. */
  readonly rewardRange?: readonly [number, number];
  /** Cap of the weights in the diagnostics. */
  readonly clipLimit?: number;
  readonly guardrails?: readonly Guardrail[];
  /** Thresholds of the gate; see gateParams. */
  readonly gate?: unknown;
  /** What the propensity audit said; null: one is needed and there is none; absent: the log has no need of one. */
  readonly audited?: boolean | null;
}

export interface Guardrail {
  readonly key: string;
  /** One number per row, as the reward. */
  readonly reward: Float64Array;
  readonly betterWhen: 'higher' | 'lower';
  /** How much worse it may get, in its own unit. */
  readonly margin: number;
  /** As rewardRange. */
  readonly range?: readonly [number, number];
}

export interface OffPolicyEstimate {
  readonly key: string;
  readonly title: string;
  /** Null where it is undefined; `reason` says why. */
  readonly value: number | null;
  readonly standardError: number | null;
  /** Normal interval; null where the spread of the rows is not the error of the estimate. */
  readonly interval: Interval | null;
  /** Percentiles of the cluster bootstrap. */
  readonly bootstrap: Interval | null;
  /** Empirical-Bernstein bound, at every sample size; only for estimates that are plain means. */
  readonly bound: Interval | null;
  readonly details: Readonly<Record<string, number>>;
  readonly reason?: string;
}

export interface OffPolicyEvaluation {
  /** What the log earned by itself: without rows of a slice that explores on purpose. */
  readonly baseline: { readonly value: number; readonly standardError: number; readonly interval: Interval };
  readonly estimates: readonly OffPolicyEstimate[];
  /** DR of the candidate minus the log's reward, row by row of those that the baseline is of. */
  readonly difference: PairedDifference;
  readonly guardrails: readonly (Omit<Guardrail, 'reward' | 'range'> & {
    readonly difference: PairedDifference;
  })[];
  readonly diagnostics: OffPolicyDiagnostics;
  readonly model: { readonly key: string; readonly params: unknown; readonly folds: number };
  readonly level: number;
  readonly gate: GateVerdict;
}

/** Their agreement is a condition of the gate. */
const JUDGES = ['dr', 'snips', 'switch-dr'];

/**
 * What would a candidate have earned on the decisions of a log? Estimates with intervals by several estimators,
 * diagnostics of the log, and the verdict of the policy gate.
 * @param rows logged decisions in columns.
 * @param target the candidate's distribution on every row, rows * actions doubles; every row sums to 1.
 * @throws DomainError `invalid_log`, `invalid_params`, `invalid_model` or `unknown_key`.
 */
export function evaluateOffPolicy(
  rows: LoggedRows,
  target: Float64Array,
  options: OffPolicyOptions = {},
): OffPolicyEvaluation {
  const level = options.level ?? 0.95;
  if (!(level > 0 && level < 1))
    throw new DomainError('invalid_params', '/level: must be above 0 and below 1');
  const clusters = clustersOf(rows.unit, rows.action.length);
  const choice = modelChoice(rows.context !== undefined, clusters, options);
  const evidence = evidenceOf(rows, target, clusters, choice);
  const bounds = termBounds(evidence, options);
  const own = ownRows(rows.explored, clusters, evidence.n);
  const chosen = (options.estimators ?? offPolicyRegistry.list()).map(({ key, ...rest }) => {
    const estimator = offPolicyRegistry.get(key);
    const params = estimator.params.parse('params' in rest && options.estimators ? rest.params : {});
    return { estimator, terms: estimator.estimate(evidence, params) };
  });
  const intervals = bootstrapIntervals(
    chosen.map(({ terms }) => terms),
    clusters,
    { ...BOOTSTRAP, ...options.bootstrap, level },
  );
  const estimates = chosen.map(({ estimator, terms }, i) => ({
    key: estimator.key,
    title: estimator.title,
    ...measure(terms, clusters, bounds, level, intervals[i] ?? null),
  }));
  const floor = options.floor ?? 0;
  const diagnostics = diagnose(evidence, clusters, { clipLimit: options.clipLimit ?? 10, floor });
  const baseline = pointEstimate(meanTerms(own.pick(rows.reward)), own.clusters);
  const difference = pairedDifference(evidence, own, bounds, level);
  const guardrails = (options.guardrails ?? []).map(({ reward, range, ...rest }) => {
    const guarded = evidenceOf({ ...rows, reward }, target, clusters, choice);
    const guardedBounds = { ...bounds, ...rangeOf(reward, range) };
    return { ...rest, difference: pairedDifference(guarded, own, guardedBounds, level) };
  });
  return {
    baseline: { ...baseline, interval: normalInterval(baseline, level) },
    estimates,
    difference,
    guardrails,
    diagnostics,
    model: { key: choice.model.key, params: choice.params, folds: choice.folds },
    level,
    gate: judgeCandidate(
      {
        diagnostics,
        baseline: baseline.value,
        estimates: judges(evidence, clusters),
        difference,
        guardrails,
        audited: options.audited,
      },
      gateParams.parse(options.gate ?? {}),
    ),
  };
}

function rangeOf(
  reward: Float64Array,
  possible: readonly [number, number] = [Infinity, -Infinity],
): { low: number; high: number } {
  const [low, high] = extremes(reward);
  return { low: Math.min(low, possible[0]), high: Math.max(high, possible[1]) };
}

/** Largest possible weight: known from recorded distributions, bounded by a floor, else the largest observed. */
function termBounds({ rows, target, weight }: Evidence, options: OffPolicyOptions): TermBounds {
  const { behaviour } = rows;
  let largest = largestOf(weight);
  if (behaviour) {
    for (let i = 0; i < target.length; i++) {
      const p = behaviour[i] as number;
      if (p > 0) largest = Math.max(largest, (target[i] as number) / p);
    }
  } else if (options.floor) largest = Math.max(largest, largestOf(target) / options.floor);
  return { largestWeight: largest, ...rangeOf(rows.reward, options.rewardRange) };
}

function measure(
  terms: Terms,
  clusters: Clusters,
  bounds: TermBounds,
  level: number,
  bootstrap: Interval | null,
): Omit<OffPolicyEstimate, 'key' | 'title'> {
  const details = terms.details ?? {};
  const point = pointEstimate(terms, clusters);
  if (!Number.isFinite(point.value)) {
    const reason = 'No row of the log carries weight: the candidate never plays what was played.';
    return {
      value: null,
      standardError: null,
      interval: null,
      bootstrap: null,
      bound: null,
      details,
      reason,
    };
  }
  const known = terms.uncertainty === 'sampling' && Number.isFinite(point.standardError);
  return {
    value: point.value,
    standardError: known ? point.standardError : null,
    interval: known ? normalInterval(point, level) : null,
    bootstrap: known ? bootstrap : null,
    bound: terms.range
      ? empiricalBernstein(terms.columns[0] as Float64Array, clusters, terms.range(bounds), level)
      : null,
    details,
    ...(terms.uncertainty === 'model'
      ? { reason: 'The error of the reward model is not known, so there is no interval.' }
      : {}),
  };
}

/** Paired: what both would have earned on the same rows cancels, so the difference is known better than its parts. */
function pairedDifference(
  evidence: Evidence,
  own: OwnRows,
  bounds: TermBounds,
  level: number,
): PairedDifference {
  const { reward } = evidence.rows;
  const model = evidence.model();
  const all = correctedBy(evidence, model, evidence.weight).map((v, i) => v - (reward[i] as number));
  const terms = own.pick(all);
  const range = correctedRange(model, bounds, bounds.largestWeight) + bounds.high - bounds.low;
  const point = pointEstimate(meanTerms(terms), own.clusters);
  return {
    ...point,
    normal: normalInterval(point, level),
    bound: empiricalBernstein(terms, own.clusters, range, level),
  };
}

function judges(evidence: Evidence, clusters: Clusters) {
  return JUDGES.map((key) => {
    const estimator = offPolicyRegistry.get(key);
    const point = pointEstimate(estimator.estimate(evidence, estimator.params.parse({})), clusters);
    const defined = Number.isFinite(point.value) && Number.isFinite(point.standardError);
    return {
      key,
      value: defined ? point.value : null,
      standardError: defined ? point.standardError : null,
    };
  });
}
