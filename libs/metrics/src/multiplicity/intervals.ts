import { normalLogSf, normalQuantile } from '../distributions/index.js';
import { adjustPValues } from '../multiplicity.js';
import { isProbability, undefinedBecause } from '../inference/outcome.js';
import type { Outcome } from '../inference/outcome.js';

type Bounds = readonly [lower: number, upper: number];

/** An adjusted p-value from here on says nothing about the effect: the interval is the whole line. */
const NOTHING_LEFT = 0.999999;

/**
 * Interval matching a multiplicity-adjusted two-sided p-value, by the convention of GrowthBook: the standard error
 * that would give that p-value under the normal law, times the critical value. Never narrower than `interval`, the
 * unadjusted one. Ad hoc: it has no simultaneous coverage.
 * Undefined: `invalid_input` (p outside [0, 1], alpha outside (0, 1), estimate or interval not a number).
 */
export function intervalFromAdjustedP(
  estimate: number,
  adjustedP: number,
  alpha: number,
  interval: Bounds,
): Outcome<{ readonly lower: number; readonly upper: number }> {
  const [lower, upper] = interval;
  if (
    !isProbability(alpha) ||
    !(adjustedP >= 0 && adjustedP <= 1) ||
    !Number.isFinite(estimate) ||
    !(lower <= upper)
  ) {
    return undefinedBecause('invalid_input');
  }
  if (adjustedP > NOTHING_LEFT) return { status: 'ok', lower: -Infinity, upper: Infinity };
  // Quantiles of the small tail: 1 - p/2 would lose the digits of a small p.
  const half = (normalQuantile(alpha / 2) / normalQuantile(adjustedP / 2)) * Math.abs(estimate);
  const wider = estimate - half < lower && estimate + half > upper;
  return { status: 'ok', lower: wider ? estimate - half : lower, upper: wider ? estimate + half : upper };
}

export interface FcrIntervals {
  /** Whether Benjamini and Hochberg's procedure selects the effect; false where it has no p-value. */
  readonly selected: readonly boolean[];
  /** Error of each interval, alpha * selected / tested; 0 when none is selected. */
  readonly alphaFcr: number;
  /** null for the effects that were not selected. */
  readonly lower: readonly (number | null)[];
  readonly upper: readonly (number | null)[];
}

/**
 * Intervals for the effects that Benjamini and Hochberg's procedure selects at `alpha`, with false coverage rate at most
 * alpha (Benjamini and Yekutieli 2005): level 1 - alpha * R / m for R selected of m. Two-sided, normal.
 * @param estimates one per effect; @param standardErrors the same; an effect with standard error 0 or without a
 * number has no p-value and does not count in m.
 * Undefined: `invalid_input` (lengths differ, alpha outside (0, 1)). Never throws.
 */
export function fcrIntervals(
  estimates: readonly (number | null)[],
  standardErrors: readonly (number | null)[],
  alpha: number,
): Outcome<FcrIntervals> {
  if (!isProbability(alpha) || estimates.length !== standardErrors.length)
    return undefinedBecause('invalid_input');
  const effects = estimates.map((estimate, i) => {
    const se = standardErrors[i];
    return estimate !== null && se !== null && se !== undefined && se > 0 && Number.isFinite(estimate / se)
      ? { estimate, se }
      : null;
  });
  const pValues = effects.map((e) =>
    e ? Math.min(1, 2 * Math.exp(normalLogSf(Math.abs(e.estimate / e.se)))) : null,
  );
  const tested = pValues.filter((p) => p !== null).length;
  const selected = adjustPValues(pValues, 'fdr_bh').map((p) => p !== null && p <= alpha);
  const count = selected.filter(Boolean).length;
  const alphaFcr = tested === 0 ? 0 : (alpha * count) / tested;
  const bound = (side: 1 | -1) => (e: (typeof effects)[number], i: number) =>
    e && selected[i] ? e.estimate - side * normalQuantile(alphaFcr / 2) * e.se : null;
  return { status: 'ok', selected, alphaFcr, lower: effects.map(bound(-1)), upper: effects.map(bound(1)) };
}
