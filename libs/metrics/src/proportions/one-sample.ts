import { betaLogitQuantile, normalQuantile } from '../distributions/index.js';
import type { Outcome } from '../inference/outcome.js';
import { undefinedBecause } from '../inference/outcome.js';
import type { Counts } from './counts.js';
import { problemOf, shareOf } from './counts.js';

export interface ShareInterval {
  readonly estimate: number;
  readonly lower: number;
  readonly upper: number;
}

/**
 * Score interval of Wilson (1927) at `z` standard errors for counts known to be valid. The lower end comes from
 * the product of the roots, p^2 / (1 + z^2/n), so that nothing cancels.
 */
export function wilsonBounds({ n, successes }: Counts, z: number): { lower: number; upper: number } {
  const p = successes / n;
  const scale = 1 + (z * z) / n;
  const half = z * Math.sqrt((p * ((n - successes) / n)) / n + (z * z) / (4 * n * n));
  const upper = (p + (z * z) / (2 * n) + half) / scale;
  return {
    lower: successes === 0 ? 0 : (p * p) / scale / upper,
    upper: successes === n ? 1 : Math.min(1, upper),
  };
}

/**
 * Wilson's (1927) score interval of one share, two-sided at level 1 - alpha.
 * Undefined: `insufficient_units` for n = 0, `invalid_counts`, `invalid_alpha`.
 */
export function wilsonInterval(arm: Counts, alpha: number): Outcome<ShareInterval> {
  const problem = problemOf([arm], alpha);
  if (problem) return undefinedBecause(problem);
  return { status: 'ok', estimate: shareOf(arm), ...wilsonBounds(arm, -normalQuantile(alpha / 2)) };
}

/**
 * Logits of the exact bounds of a share (Clopper and Pearson 1934), each with error `tail`; -Infinity without a
 * success, Infinity without a failure. Odds are exp of a logit, which keeps the digits of shares near 1.
 */
export function exactLogits(
  successes: number,
  failures: number,
  tail: number,
): { lower: number; upper: number } {
  const logTail = Math.log(tail);
  return {
    lower: successes === 0 ? -Infinity : betaLogitQuantile(logTail, 'lower', successes, failures + 1),
    upper: failures === 0 ? Infinity : betaLogitQuantile(logTail, 'upper', successes + 1, failures),
  };
}

/**
 * Exact interval of Clopper and Pearson (1934) for one share, alpha / 2 on each side.
 * Undefined: `insufficient_units` for n = 0, `invalid_counts`, `invalid_alpha`.
 */
export function clopperPearsonInterval(arm: Counts, alpha: number): Outcome<ShareInterval> {
  const problem = problemOf([arm], alpha);
  if (problem) return undefinedBecause(problem);
  const logits = exactLogits(arm.successes, arm.n - arm.successes, alpha / 2);
  const share = (logit: number): number => 1 / (1 + Math.exp(-logit));
  return { status: 'ok', estimate: shareOf(arm), lower: share(logits.lower), upper: share(logits.upper) };
}
