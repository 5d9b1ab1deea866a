import type { Moments } from '../contract.js';
import { MIN_UNITS_PER_ARM } from '../estimators/burn-in.js';

/** Both arms of one comparison while the allocation stayed the same. */
export interface PeriodPair {
  readonly control: Moments;
  readonly treatment: Moments;
  /** Units of all arms that entered in it; what it weighs. */
  readonly units: number;
}

export interface CombinedPeriods {
  readonly control: Moments;
  readonly treatment: Moments;
  /** Share of each period, in the order given; 0 where it is left out. */
  readonly shares: readonly number[];
  /** Units of periods that are left out. */
  readonly leftOut: number;
}

/** Estimators that need nothing but a difference, its variance and the number of units. */
const COMBINING: ReadonlySet<string> = new Set(['asymptotic-cs', 'welch', 'bayesian']);

/**
 * Whether an estimator stays valid for period-weighted means. The others do not: `msprt` and `anytime-regression` take
 * the variance from the sizes of the arms, `score` counts successes of one binomial, and the looks of `group-sequential`
 * have independent increments only while no weight of a period changes.
 */
export const combinesPeriods = (estimator: string): boolean => COMBINING.has(estimator);

/**
 * Moments of two arms whose shares of traffic changed between periods, as if every period had had the same share of both:
 * each mean is the arm's means by period, weighted by the period's share of all units (as `periodWeightedMeans`), and the
 * comoments are those whose mean has the covariance of that weighted mean, sum of w^2 S / n. So differences within periods
 * alone are compared (Simpson's paradox), and ratios, covariates and lifts follow by the same formulas as ever.
 *
 * With plug-in means, the weighted difference is the average over units of mu_p(1) - mu_p(0) + (Y - mu_p(A)) / e_p(A) by
 * sign of the arm: an augmented inverse-propensity score with the shares of each period. That is an average of n scores
 * with conditional variances of its own, which is what the confidence sequence of Waudby-Smith et al. (2021, arXiv
 * 2103.06476, section 2.4: means that change over time) covers at every n. What it covers is the running average of the periods'
 * effects, weighted by their units so far; it is 0 where no period has an effect.
 *
 * Periods with fewer than 100 units in either arm are left out, because their variance is not known well enough; that
 * depends on numbers of units alone, never on outcomes. null: no period is left.
 * @param pairs one per period, of disjoint units.
 */
export function combinePeriods(pairs: readonly PeriodPair[]): CombinedPeriods | null {
  const counts = pairs.map(({ control, treatment }) => Math.min(control.n, treatment.n) >= MIN_UNITS_PER_ARM);
  const units = (keep: boolean): number =>
    pairs.reduce((sum, pair, i) => (counts[i] === keep ? sum + pair.units : sum), 0);
  const total = units(true);
  if (!(total > 0)) return null;
  const shares = pairs.map((pair, i) => (counts[i] ? pair.units / total : 0));
  return {
    control: weigh(
      pairs.map(({ control }) => control),
      shares,
    ),
    treatment: weigh(
      pairs.map(({ treatment }) => treatment),
      shares,
    ),
    shares,
    leftOut: units(false),
  };
}

function weigh(periods: readonly Moments[], shares: readonly number[]): Moments {
  const mean: [number, number, number] = [0, 0, 0];
  const covariance: [number, number, number, number, number, number] = [0, 0, 0, 0, 0, 0];
  let [n, nonZero]: [number, number | undefined] = [0, 0];
  periods.forEach((moments, p) => {
    const share = shares[p] ?? 0;
    if (share === 0) return;
    moments.mean.forEach((value, i) => (mean[i] = (mean[i] as number) + share * value));
    moments.comoment.forEach((value, i) => {
      covariance[i] = (covariance[i] as number) + (share * share * value) / (moments.n - 1) / moments.n;
    });
    n += moments.n;
    nonZero = nonZero === undefined || moments.nonZero === undefined ? undefined : nonZero + moments.nonZero;
  });
  const comoment = covariance.map((value) => value * n * (n - 1)) as unknown as Moments['comoment'];
  return { n, mean, comoment, ...(nonZero === undefined ? {} : { nonZero }) };
}
