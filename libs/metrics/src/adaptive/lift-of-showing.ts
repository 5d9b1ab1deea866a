import { normalQuantile, studentTQuantile } from '../distributions/index.js';
import { undefinedBecause } from '../inference/outcome.js';
import type { Outcome } from '../inference/outcome.js';
import { wilsonBounds } from '../proportions/one-sample.js';

/**
 * Decisions about one action, summed up by the lots that were drawn: all decisions that share one lot (shown or withheld)
 * are one cluster. With n_i decisions and outcome y_i of cluster i:
 */
export interface LotSums {
  /** Clusters, and their decisions: sum of n_i. */
  readonly clusters: number;
  readonly decisions: number;
  /** Sums of y_i, y_i^2, n_i y_i and n_i^2. */
  readonly sum: number;
  readonly sumSquares: number;
  readonly sumProducts: number;
  readonly sizeSquares: number;
}

export interface LiftOfShowing {
  /** Mean outcome per decision of what was shown, minus that of what was withheld. */
  readonly lift: number;
  readonly lower: number;
  readonly upper: number;
  readonly standardError: number;
  /** How the interval was computed. */
  readonly method: 'newcombe' | 'welch';
}

/** Variance of the mean per decision: linearised ratio of cluster sums; null for fewer than two clusters. */
function varianceOf(lots: LotSums): number | null {
  const { clusters: m, decisions: n, sum, sumSquares, sumProducts, sizeSquares } = lots;
  if (m < 2) return null;
  const mean = sum / n;
  const squares = Math.max(0, sumSquares - 2 * mean * sumProducts + mean * mean * sizeSquares);
  return ((squares / (n * n)) * m) / (m - 1);
}

/**
 * Lift of showing, with a two-sided interval at level 1 - alpha that is valid at one look. For outcomes that are 0 or 1:
 * Newcombe's hybrid score interval (1998, method 10) at effective sample sizes p (1 - p) / variance, never above the number
 * of decisions (Kott and Carr 1997), so that few withheld decisions without any success do not look certain. For other outcomes: Welch's
 * t interval with clustered variances.
 * @param binary whether every outcome is 0 or 1.
 * Undefined: `insufficient_units` where one side has nothing (of other outcomes: fewer than two clusters).
 */
export function liftOfShowing(
  shown: LotSums,
  withheld: LotSums,
  { alpha, binary }: { readonly alpha: number; readonly binary: boolean },
): Outcome<LiftOfShowing> {
  const sides = [shown, withheld] as const;
  if (sides.some(({ decisions }) => decisions === 0)) return undefinedBecause('insufficient_units');
  const [v1, v0] = [varianceOf(shown), varianceOf(withheld)];
  const lift = shown.sum / shown.decisions - withheld.sum / withheld.decisions;
  if (binary)
    return { status: 'ok', ...newcombe(lift, effective(shown, v1), effective(withheld, v0), alpha) };
  if (v1 === null || v0 === null) return undefinedBecause('insufficient_units');
  const standardError = Math.sqrt(v1 + v0);
  if (standardError === 0)
    return { status: 'ok', lift, lower: lift, upper: lift, standardError, method: 'welch' };
  const df = (v1 + v0) ** 2 / (v1 ** 2 / (shown.clusters - 1) + v0 ** 2 / (withheld.clusters - 1));
  const half = studentTQuantile(1 - alpha / 2, df) * standardError;
  return { status: 'ok', lift, lower: lift - half, upper: lift + half, standardError, method: 'welch' };
}

interface Share {
  readonly p: number;
  readonly n: number;
}

/** A share and the number of independent decisions that it is worth. */
function effective({ decisions, clusters, sum }: LotSums, variance: number | null): Share {
  const p = sum / decisions;
  const spread = p * (1 - p);
  if (variance === null || spread <= 0 || variance <= 0) return { p, n: clusters };
  return { p, n: Math.min(decisions, spread / variance) };
}

function newcombe(lift: number, shown: Share, withheld: Share, alpha: number): LiftOfShowing {
  const z = -normalQuantile(alpha / 2);
  const bounds = ({ p, n }: Share) => wilsonBounds({ n, successes: p === 1 ? n : p * n }, z);
  const [a, b] = [bounds(withheld), bounds(shown)];
  return {
    lift,
    lower: lift - Math.hypot(shown.p - b.lower, a.upper - withheld.p),
    upper: lift + Math.hypot(b.upper - shown.p, withheld.p - a.lower),
    standardError: Math.sqrt(
      (shown.p * (1 - shown.p)) / shown.n + (withheld.p * (1 - withheld.p)) / withheld.n,
    ),
    method: 'newcombe',
  };
}
