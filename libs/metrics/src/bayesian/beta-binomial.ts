import { computed, notComputed } from '../computed.js';
import type { Computed } from '../computed.js';
import type { OutcomeReason } from '../inference/outcome.js';
import { logBetaLower } from '../distributions/beta.js';
import { log1mExp, stirlingError } from '../distributions/gamma.js';
import { betaQuantile, logBeta } from '../distributions/index.js';
import { expectedExcess, probabilityLargest } from './best.js';
import type { Posterior } from './best.js';
import type { ArmLaw } from './exact.js';
import { probabilitiesLargest } from './grid.js';

const { abs, exp, expm1, log, log1p, min, sqrt } = Math;

/** Logits beyond it are probabilities that doubles hold with fewer digits, or not at all. */
const SMALLEST_LOGIT = 700;

export interface BetaPrior {
  /** Pseudo-successes, >= 0. */
  readonly a: number;
  /** Pseudo-failures, >= 0. */
  readonly b: number;
}

export interface CountArm {
  readonly n: number;
  readonly successes: number;
}

interface Shapes {
  readonly a: number;
  readonly b: number;
}

/** x and 1 - x of a logit, both to full relative precision. */
const share = (logit: number): [x: number, complement: number] => [
  1 / (1 + exp(-logit)),
  1 / (1 + exp(logit)),
];

/** Logarithm of x (1 - x), the derivative of x by its logit. */
const logSlope = (logit: number): number => -abs(logit) - 2 * log1p(exp(-abs(logit)));

/** Density of the logit of a beta variable at its mode log(a / b), as a logarithm; nothing cancels for large shapes. */
function logPeak({ a, b }: Shapes): number {
  const [small, large] = a < b ? [a, b] : [b, a];
  const p = small / (a + b);
  if (small < 10) return small * log(p) + large * log1p(-p) - logBeta(a, b);
  const correction = stirlingError(a) + stirlingError(b) - stirlingError(a + b);
  return 0.5 * log((small * (large / (a + b))) / (2 * Math.PI)) - correction;
}

/** log((1 - p) + p e^d), by the form that keeps its digits. */
function logMix(p: number, q: number, d: number): number {
  if (d > 1) return d + log(p + q * exp(-d));
  return d < -1 ? log(q + p * exp(d)) : log1p(p * expm1(d));
}

/** The beta law on the logit scale, where density and distribution function are log-concave for any shapes. */
function logitLaw(shapes: Shapes): Posterior {
  const { a, b } = shapes;
  const [p, q] = [a / (a + b), b / (a + b)];
  const centre = log(a) - log(b);
  const peak = logPeak(shapes);
  return {
    centre,
    scale: sqrt(1 / a + 1 / b),
    noise: 4 * Number.EPSILON * (a * abs(log(p)) + b * abs(log(q))),
    logDensity: (u) => peak + a * (u - centre) - (a + b) * logMix(p, q, u - centre),
    logCdf: (u) => logLowerTail(u, a, b),
    logSf: (u) => logLowerTail(-u, b, a),
  };
}

/** P(logit of a beta variable <= u), as a logarithm. */
function logLowerTail(u: number, a: number, b: number): number {
  // Beyond the smallest doubles, where shapes near 0 keep much of their mass: the first term of the series.
  if (u < -SMALLEST_LOGIT) return min(0, a * u - log(a) - logBeta(a, b));
  if (u > SMALLEST_LOGIT) return log1mExp(logLowerTail(-u, b, a));
  const [x, complement] = share(u);
  return logBetaLower(a, b, x, complement);
}

function shapesOf(prior: BetaPrior, arm: CountArm): Shapes | OutcomeReason {
  const { n, successes } = arm;
  if (![prior.a, prior.b, n, successes].every(Number.isFinite)) return 'not_finite';
  if (prior.a < 0 || prior.b < 0 || successes < 0 || n < successes) return 'invalid_input';
  const shapes = { a: prior.a + successes, b: prior.b + n - successes };
  return shapes.a > 0 && shapes.b > 0 ? shapes : 'insufficient_units';
}

const isReason = (value: Shapes | OutcomeReason): value is OutcomeReason => typeof value === 'string';

export interface BetaSummary {
  readonly mean: number;
  readonly lower: number;
  readonly upper: number;
}

export interface BetaComparison {
  /** P(treatment rate > control rate). */
  readonly chanceToWin: number;
  /** Expected rate given up by choosing control: E[max(0, treatment - control)]. */
  readonly lossOfControl: number;
  /** E[max(0, control - treatment)]. */
  readonly lossOfTreatment: number;
  readonly control: BetaSummary;
  readonly treatment: BetaSummary;
  /** Posterior mean and standard deviation of treatment minus control. */
  readonly meanDifference: number;
  readonly sdDifference: number;
}

function summary({ a, b }: Shapes, alpha: number): BetaSummary {
  return {
    mean: a / (a + b),
    lower: betaQuantile(alpha / 2, a, b),
    upper: betaQuantile(1 - alpha / 2, a, b),
  };
}

/** The logit of k times the share whose logit is u. */
function logitTimes(u: number, k: number): number {
  const [x, complement] = share(u);
  // 1 - k x without cancellation near 1.
  const rest = complement - (k - 1) * x;
  return rest <= 0 ? Infinity : log(k) + log(x) - log(rest);
}

/** The posterior of one share; the reasons of `compareShares` where there is none. */
export function shareLaw(prior: BetaPrior, arm: CountArm): ArmLaw | OutcomeReason {
  const shapes = shapesOf(prior, arm);
  if (isReason(shapes)) return shapes;
  const { a, b } = shapes;
  return {
    law: logitLaw(shapes),
    mean: a / (a + b),
    interval: (alpha) => [betaQuantile(alpha / 2, a, b), betaQuantile(1 - alpha / 2, a, b)],
    times: logitTimes,
    logJacobian: logSlope,
  };
}

const varianceOf = ({ a, b }: Shapes): number => ((a / (a + b)) * (b / (a + b))) / (a + b + 1);

/**
 * Two shares with the same beta prior (conjugate beta-binomial model): chance to win and expected losses (Stucchio
 * 2015) by quadrature on the logit scale, right in relative terms also in the tails; equal-tailed credible
 * intervals of level 1 - alpha. Not computed: `not_finite`, `invalid_input` (negative prior or counts, more
 * successes than units, alpha outside (0, 1)), `insufficient_units` (a prior shape of 0 and no data for it).
 */
export function compareShares(
  prior: BetaPrior,
  control: CountArm,
  treatment: CountArm,
  alpha: number,
): Computed<BetaComparison> {
  const c = shapesOf(prior, control);
  const t = shapesOf(prior, treatment);
  if (isReason(c)) return notComputed(c);
  if (isReason(t)) return notComputed(t);
  if (!(alpha > 0 && alpha < 1)) return notComputed('invalid_input');
  const lawC = logitLaw(c);
  const lawT = logitLaw(t);
  return computed({
    chanceToWin: probabilityLargest(lawT, [lawC]),
    lossOfControl: expectedExcess(lawC, lawT, logSlope),
    lossOfTreatment: expectedExcess(lawT, lawC, logSlope),
    control: summary(c, alpha),
    treatment: summary(t, alpha),
    meanDifference: t.a / (t.a + t.b) - c.a / (c.a + c.b),
    sdDifference: sqrt(varianceOf(c) + varianceOf(t)),
  });
}

/**
 * Probability of each arm to have the highest share, with the same beta prior for all, by quadrature. Reasons as
 * `compareShares`; no arms: `insufficient_units`.
 */
export function bestShare(prior: BetaPrior, arms: readonly CountArm[]): Computed<readonly number[]> {
  if (arms.length === 0) return notComputed('insufficient_units');
  const laws: Posterior[] = [];
  for (const arm of arms) {
    const shapes = shapesOf(prior, arm);
    if (isReason(shapes)) return notComputed(shapes);
    laws.push(logitLaw(shapes));
  }
  return computed(probabilitiesLargest(laws));
}
