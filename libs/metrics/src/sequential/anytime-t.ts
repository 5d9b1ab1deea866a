import { log1mExp } from '../distributions/gamma.js';
import { sequentialRadius } from '../estimators/asymptotic-cs.js';
import { isProbability, undefinedBecause } from '../inference/outcome.js';
import type { Outcome } from '../inference/outcome.js';

export interface AnytimeTInput {
  /** Coefficient of a linear model with normal errors, and its classical standard error. */
  readonly estimate: number;
  readonly standardError: number;
  /** Units in the regression, and coefficients in it (2 for two arms without covariates). */
  readonly n: number;
  readonly coefficients: number;
  /** Precision of the prior over effects, in units; small g suits large effects. */
  readonly g: number;
  readonly alpha: number;
}

export interface AnytimeTResult {
  /** Half-width in standard errors; Infinity while no interval of this level can be finite. */
  readonly radius: number;
  /** Half-width in standard errors that the normal approximation would give. */
  readonly normalRadius: number;
  readonly lower: number;
  readonly upper: number;
  /** Logarithm of the e-value (Bayes factor) against no effect. */
  readonly logE: number;
  readonly logP: number;
  readonly pValue: number;
}

/**
 * Anytime-valid t test and interval for a coefficient of a linear model: the e-value is
 * r^(1/2) [(1 + t^2/nu) / (1 + r t^2/nu)]^((nu + 1)/2) with r = g/(g + n) and nu = n - coefficients (Lindon, Ham,
 * Tingley, Bojinov 2022, arXiv 2210.08589). The interval is what the test does not reject.
 * Undefined: `insufficient_units` (no degrees of freedom), `zero_variance`, `invalid_input`. Never throws.
 */
export function anytimeT(input: AnytimeTInput): Outcome<AnytimeTResult> {
  const { estimate, standardError, n, coefficients, g, alpha } = input;
  if (
    !isProbability(alpha) ||
    !(g > 0) ||
    !Number.isFinite(g + estimate + n + coefficients + standardError)
  ) {
    return undefinedBecause('invalid_input');
  }
  const nu = n - coefficients;
  if (!(nu > 0)) return undefinedBecause('insufficient_units');
  if (!(standardError > 0)) return undefinedBecause('zero_variance');
  const logE = logEValue(estimate / standardError, n, nu, g);
  const radius = anytimeTRadius(n, nu, g, alpha);
  const logP = Math.min(0, -logE);
  return {
    status: 'ok',
    radius,
    normalRadius: sequentialRadius(n, g, alpha),
    lower: estimate - radius * standardError,
    upper: estimate + radius * standardError,
    logE,
    logP,
    pValue: Math.exp(logP),
  };
}

/** Logarithm of the e-value at t standard errors; nu degrees of freedom. */
function logEValue(t: number, n: number, nu: number, g: number): number {
  const logR = -Math.log1p(n / g);
  // (1 + x) / (1 + r x) - 1 = (1 - r) / (1/x + r) with x = t^2 / nu: also right for x = 0 and Infinity.
  const x = t ** 2 / nu;
  const gain = n / (n + g) / (1 / x + Math.exp(logR));
  return 0.5 * logR + ((nu + 1) / 2) * Math.log1p(gain);
}

/** Logarithm of the anytime-valid p-value at t standard errors. */
export function anytimeTLogP(t: number, n: number, nu: number, g: number): number {
  return Math.min(0, -logEValue(t, n, nu, g));
}

/** t at which the e-value is 1/alpha: (1 + x)/(1 + r x) = e^k solved for x = t^2/nu; Infinity if r e^k >= 1. */
export function anytimeTRadius(n: number, nu: number, g: number, alpha: number): number {
  const logR = -Math.log1p(n / g);
  const k = (-2 * Math.log(alpha) - logR) / (nu + 1);
  if (logR + k >= 0) return Infinity;
  return Math.sqrt(nu * Math.expm1(k)) * Math.exp(-0.5 * log1mExp(logR + k));
}
