import { chiSquareSf, normalLogSf, normalQuantile } from '../distributions/index.js';
import { isProbability, undefinedBecause } from '../inference/outcome.js';
import type { OutcomeReason, Outcome } from '../inference/outcome.js';
import { independentRows, inverseQuadraticForm, solveSymmetric } from './cholesky.js';
import { coxData, partialLikelihood } from './cox-likelihood.js';
import type { CoxData, CoxTies, PartialLikelihood } from './cox-likelihood.js';
import { isFollowUp, unitsOf } from './risk-table.js';
import type { FollowUp } from './risk-table.js';

export interface CoxOptions {
  readonly alpha: number;
  readonly ties?: CoxTies;
  /** Further columns, one value per unit each; measured before exposure. */
  readonly covariates?: readonly ArrayLike<number>[];
}

export interface CoxResult {
  /** Log hazard ratio of treatment, its standard error, the ratio and its Wald interval. */
  readonly logHazardRatio: number;
  readonly standardError: number;
  readonly hazardRatio: number;
  readonly lower: number;
  readonly upper: number;
  readonly waldP: number;
  readonly logLikelihoodNull: number;
  readonly logLikelihood: number;
  /** Coefficients in the model; the degrees of freedom of the two tests below. */
  readonly df: number;
  readonly likelihoodRatioChi2: number;
  readonly likelihoodRatioP: number;
  readonly scoreChi2: number;
  readonly scoreP: number;
  /** One per covariate; null where it is constant or depends on the columns before it. */
  readonly covariateCoefficients: readonly (number | null)[];
}

/** Beyond this coefficient (covariates in standard deviations) the likelihood is still rising: it has no maximum. */
const DIVERGED = 25;
const MAX_ITERATIONS = 100;

/** Column with mean 0 and standard deviation 1, so that no scale of the data spoils the Newton steps. */
function standardise(column: ArrayLike<number>): { values: number[]; sd: number } {
  const values = Array.from(column);
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  const sd = Math.sqrt(values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / values.length);
  const constant = !(sd > 1e-12 * Math.abs(mean));
  return { values: values.map((x) => (constant ? 0 : (x - mean) / sd)), sd };
}

/** The first of step, step/2, step/4, ... that does not lower the likelihood by more than rounding does. */
function ascend(data: CoxData, beta: readonly number[], at: PartialLikelihood, step: readonly number[]) {
  const slack = 1e-9 * Math.abs(at.logLikelihood);
  for (let factor = 1; factor > 1e-9; factor /= 2) {
    const moved = beta.map((b, a) => b + factor * (step[a] as number));
    const next = partialLikelihood(data, moved);
    if (next.logLikelihood >= at.logLikelihood - slack) return { beta: moved, at: next };
  }
  return null;
}

/** Newton's method on the concave log partial likelihood, from 0; null where it has no maximum. */
function maximise(data: CoxData, start: PartialLikelihood): { beta: number[]; at: PartialLikelihood } | null {
  let current = { beta: start.score.map(() => 0), at: start };
  for (let i = 0; i < MAX_ITERATIONS; i++) {
    const step = solveSymmetric(current.at.information, current.at.score);
    const next = step && ascend(data, current.beta, current.at, step);
    if (!next || next.beta.some((b) => !(Math.abs(b) < DIVERGED))) return null;
    current = next;
    // Quadratic convergence: after a step this small nothing is left to gain.
    if (Math.max(...step.map(Math.abs)) < 1e-8) return current;
  }
  return null;
}

function problemOf(follow: FollowUp, treated: ArrayLike<number>, options: CoxOptions): OutcomeReason | null {
  const n = follow.time.length;
  const columns = options.covariates ?? [];
  const sensible =
    isFollowUp(follow) &&
    isProbability(options.alpha) &&
    treated.length === n &&
    columns.every((column) => column.length === n && Array.from(column).every(Number.isFinite));
  const arms = Array.from(treated);
  if (!sensible || !arms.every((arm) => arm === 0 || arm === 1)) return 'invalid_input';
  const hasUnits = (arm: number): boolean => arms.some((a, i) => a === arm && unitsOf(follow, i) > 0);
  if (!hasUnits(0) || !hasUnits(1)) return 'insufficient_units';
  // Without an event in one arm the hazard ratio is 0 or infinite; `logRankTest` still answers.
  const hasEvents = (arm: number): boolean =>
    arms.some((a, i) => a === arm && follow.event[i] !== 0 && unitsOf(follow, i) > 0);
  return hasEvents(0) && hasEvents(1) ? null : 'no_events';
}

/**
 * Proportional-hazards regression of two arms, with covariates if wanted (Cox 1972): hazard ratio of treatment over
 * control with Wald interval, and Wald, likelihood-ratio and score tests (the last two of all coefficients).
 * @param follow units, or entries with counts; @param treated 0 for control, 1 for treatment.
 * Undefined: `insufficient_units` (an arm without units), `no_events` (an arm without events), `zero_variance` (no
 * event while both arms were at risk), `monotone_likelihood` (the coefficients have no finite maximum),
 * `invalid_input`. Never throws.
 */
export function coxRegression(
  follow: FollowUp,
  treated: ArrayLike<number>,
  options: CoxOptions,
): Outcome<CoxResult> {
  const problem = problemOf(follow, treated, options);
  if (problem) return undefinedBecause(problem);
  const scaled = (options.covariates ?? []).map(standardise);
  const columns = [Array.from(treated), ...scaled.map(({ values }) => values)];
  const ties = options.ties ?? 'efron';
  const rowsOf = (kept: readonly number[]): number[][] =>
    Array.from(treated, (_, i) => kept.map((column) => (columns[column] as number[])[i] as number));
  const zero = columns.map(() => 0);
  const everything = partialLikelihood(coxData(follow, rowsOf([...zero.keys()]), ties), zero);
  const kept = independentRows(everything.information);
  if (kept[0] !== 0) return undefinedBecause('zero_variance');
  const data = coxData(follow, rowsOf(kept), ties);
  const start = partialLikelihood(
    data,
    kept.map(() => 0),
  );
  const scoreChi2 = inverseQuadraticForm(start.information, start.score);
  const fit = maximise(data, start);
  const variance = fit && solveSymmetric(fit.at.information, [1, ...kept.slice(1).map(() => 0)])?.[0];
  if (!fit || !variance || scoreChi2 === null) return undefinedBecause('monotone_likelihood');
  const likelihoodRatioChi2 = Math.max(0, 2 * (fit.at.logLikelihood - start.logLikelihood));
  return {
    status: 'ok',
    ...waldResult(fit.beta[0] as number, Math.sqrt(variance), options.alpha),
    logLikelihoodNull: start.logLikelihood,
    logLikelihood: fit.at.logLikelihood,
    df: kept.length,
    likelihoodRatioChi2,
    likelihoodRatioP: chiSquareSf(likelihoodRatioChi2, kept.length),
    scoreChi2,
    scoreP: chiSquareSf(scoreChi2, kept.length),
    covariateCoefficients: scaled.map(({ sd }, i) => {
      const position = kept.indexOf(i + 1);
      return position < 0 ? null : (fit.beta[position] as number) / sd;
    }),
  };
}

function waldResult(logHazardRatio: number, standardError: number, alpha: number) {
  const half = -normalQuantile(alpha / 2) * standardError;
  return {
    logHazardRatio,
    standardError,
    hazardRatio: Math.exp(logHazardRatio),
    lower: Math.exp(logHazardRatio - half),
    upper: Math.exp(logHazardRatio + half),
    waldP: Math.min(1, 2 * Math.exp(normalLogSf(Math.abs(logHazardRatio / standardError)))),
  };
}
