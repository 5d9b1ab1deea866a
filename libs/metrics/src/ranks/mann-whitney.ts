import type { Outcome } from '../inference/outcome.js';
import { undefinedBecause } from '../inference/outcome.js';
import { logPValue, normalLaw } from '../inference/wald.js';
import type { Alternative } from '../inference/wald.js';
import { ascending } from '../quantiles/sample-quantile.js';

export interface RankTest {
  /** Pairs in which treatment is larger, ties counting half. */
  readonly u: number;
  /** u over the number of pairs: P(treatment > control) + P(tie) / 2. */
  readonly probabilityOfSuperiority: number;
  /** Standard normal deviate after the continuity correction. */
  readonly statistic: number;
  readonly pValue: number;
  readonly logPValue: number;
}

/** U of `b` against `a`, and the sum of t^3 - t over groups of t tied values; both ascending. */
function countPairs(a: Float64Array, b: Float64Array): { u: number; ties: number } {
  let u = 0;
  let ties = 0;
  let i = 0;
  let j = 0;
  while (i < a.length || j < b.length) {
    const value = Math.min(a[i] ?? Infinity, b[j] ?? Infinity);
    const below = i;
    const start = j;
    while (i < a.length && a[i] === value) i++;
    while (j < b.length && b[j] === value) j++;
    const tied = i - below + (j - start);
    u += (j - start) * (below + (i - below) / 2);
    ties += tied * (tied * tied - 1);
  }
  return { u, ties };
}

/** Half a pair towards the null hypothesis, never past it for a two-sided test. */
function corrected(difference: number, alternative: Alternative): number {
  if (alternative === 'greater') return difference - 0.5;
  if (alternative === 'less') return difference + 0.5;
  return Math.sign(difference) * Math.max(0, Math.abs(difference) - 0.5);
}

/**
 * Rank-sum test of Mann and Whitney (1947): normal approximation, variance corrected for ties, continuity
 * correction. `greater`: treatment tends to larger values. Values in any order.
 * Undefined: `insufficient_units` (an empty arm), `zero_variance` (all values equal), `not_finite` (a value).
 */
export function mannWhitneyTest(
  control: ArrayLike<number>,
  treatment: ArrayLike<number>,
  alternative: Alternative = 'two-sided',
): Outcome<RankTest> {
  const [a, b] = [ascending(control), ascending(treatment)];
  if (!a.every(Number.isFinite) || !b.every(Number.isFinite)) return undefinedBecause('not_finite');
  if (a.length === 0 || b.length === 0) return undefinedBecause('insufficient_units');
  const { u, ties } = countPairs(a, b);
  const n = a.length + b.length;
  const pairs = a.length * b.length;
  // Asked of the data: the variance below would keep a rounding error.
  if (Math.min(a[0] as number, b[0] as number) === Math.max(a.at(-1) as number, b.at(-1) as number))
    return undefinedBecause('zero_variance');
  const variance = (pairs / 12) * (n + 1 - ties / n / (n - 1));
  const statistic = corrected(u - pairs / 2, alternative) / Math.sqrt(variance);
  const logP = logPValue(normalLaw, statistic, alternative);
  return {
    status: 'ok',
    u,
    probabilityOfSuperiority: u / pairs,
    statistic,
    pValue: Math.exp(logP),
    logPValue: logP,
  };
}
