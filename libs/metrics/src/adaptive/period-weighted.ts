import { computed, notComputed } from '../computed.js';
import type { Computed } from '../computed.js';
import type { Moments } from '../contract.js';
import { areUsable } from '../moments.js';

const { sqrt } = Math;

export interface PeriodWeighted {
  /** Share of all units in each period. */
  readonly periodWeights: readonly number[];
  readonly means: readonly number[];
  readonly standardErrors: readonly number[];
  /** Arms without units in some period: their weights were scaled up over the periods that they have. */
  readonly renormalised: readonly boolean[];
}

/**
 * Means of arms whose shares of traffic changed between periods but not within: each arm's means by period,
 * weighted by the period's share of all units, so that a trend over time does not favour the arms that got more
 * traffic late. An arm without units in a period is weighted over its other periods and flagged, because a
 * missing period must not count as a mean of 0.
 * @param periods per period the moments of every arm, in the same order of arms.
 * Not computed: `invalid_input` (periods with different numbers of arms), `not_finite`, `insufficient_units` (no
 * units, an arm without any, or with a single one in a period), `zero_variance` (no arm varies).
 */
export function periodWeightedMeans(periods: readonly (readonly Moments[])[]): Computed<PeriodWeighted> {
  const k = periods[0]?.length ?? 0;
  if (periods.some((arms) => arms.length !== k)) return notComputed('invalid_input');
  if (!periods.every((arms) => arms.every(areUsable))) return notComputed('not_finite');
  const sizes = periods.map((arms) => arms.reduce((sum, arm) => sum + arm.n, 0));
  const all = sizes.reduce((sum, size) => sum + size, 0);
  if (all === 0 || periods.some((arms) => arms.some(({ n }) => n === 1))) {
    return notComputed('insufficient_units');
  }
  const periodWeights = sizes.map((size) => size / all);
  const arms = Array.from({ length: k }, (_, a) => weighArm(periods, periodWeights, a));
  if (arms.some(({ weight }) => weight === 0)) return notComputed('insufficient_units');
  if (arms.every(({ variance }) => variance === 0)) return notComputed('zero_variance');
  return computed({
    periodWeights,
    means: arms.map(({ mean, weight }) => mean / weight),
    standardErrors: arms.map(({ variance, weight }) => sqrt(variance) / weight),
    renormalised: arms.map(({ partial }) => partial),
  });
}

/** Sums over the periods in which the arm has units; `weight` is what those periods weigh together. */
function weighArm(periods: readonly (readonly Moments[])[], weights: readonly number[], arm: number) {
  let [mean, variance, weight] = [0, 0, 0];
  let partial = false;
  periods.forEach((arms, p) => {
    const share = weights[p] as number;
    const { n, mean: means, comoment } = arms[arm] as Moments;
    if (share === 0) return;
    if (n === 0) {
      partial = true;
      return;
    }
    mean += share * means[0];
    variance += (share * share * comoment[0]) / (n - 1) / n;
    weight += share;
  });
  // Without a gap the weights add up to 1; their rounding error is not divided in.
  return { mean, variance, weight: partial ? weight : 1, partial };
}
