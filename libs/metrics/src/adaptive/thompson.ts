import { probabilityLargest } from '../bayesian/best.js';
import type { Posterior } from '../bayesian/best.js';
import { computed, notComputed } from '../computed.js';
import type { Computed } from '../computed.js';
import { normalLogSf } from '../distributions/index.js';

const { log, max, sqrt } = Math;

/** Posterior of an arm's value. */
export interface NormalArm {
  readonly mean: number;
  /** Of the mean, not of one unit; 0: the value is known. */
  readonly variance: number;
}

export interface Allocation {
  /** Probability of each arm to be the best one. */
  readonly probabilityBest: readonly number[];
  /** Shares of traffic: adds up to 1, none below the floor. */
  readonly weights: readonly number[];
}

function normalLaw(mean: number, sd: number): Posterior {
  const constant = -log(sd) - 0.5 * log(2 * Math.PI);
  return {
    centre: mean,
    scale: sd,
    noise: 0,
    logDensity: (x) => constant - 0.5 * ((x - mean) / sd) ** 2,
    logCdf: (x) => normalLogSf((mean - x) / sd),
    logSf: (x) => normalLogSf((x - mean) / sd),
  };
}

/** Probability of each arm to have the largest value; arms whose value is known share a tie equally. */
function probabilitiesLargest(arms: readonly NormalArm[]): number[] {
  const known = arms.filter(({ variance }) => variance === 0).map(({ mean }) => mean);
  const best = known.reduce((a, b) => max(a, b), -Infinity);
  const ties = known.filter((mean) => mean === best).length;
  const laws = arms.map(({ mean, variance }) => (variance > 0 ? normalLaw(mean, sqrt(variance)) : null));
  return laws.map((law, i) => {
    const others = laws.filter((other, j): other is Posterior => other !== null && j !== i);
    if (law) return probabilityLargest(law, others, best);
    if (arms[i]?.mean !== best) return 0;
    return Math.exp(others.reduce((sum, other) => sum + other.logCdf(best), 0)) / ties;
  });
}

/**
 * Thompson sampling's shares for independent normal posteriors (Thompson 1933; Scott 2010), by quadrature and so
 * without a seed: floor + (1 - K floor) P(best). A floor of 1 / K or more gives equal shares.
 * @param floor smallest share of an arm, >= 0. @param maximize whether the best arm has the largest value.
 * Not computed: `not_finite`, `invalid_input` (negative variance or floor), `insufficient_units` (no arms),
 * `zero_variance` (every value known: nothing to explore).
 */
export function thompsonAllocation(
  arms: readonly NormalArm[],
  { maximize, floor }: { readonly maximize: boolean; readonly floor: number },
): Computed<Allocation> {
  if (!arms.every(({ mean, variance }) => Number.isFinite(mean) && Number.isFinite(variance))) {
    return notComputed('not_finite');
  }
  if (arms.some(({ variance }) => variance < 0) || !(floor >= 0)) return notComputed('invalid_input');
  if (arms.length === 0) return notComputed('insufficient_units');
  if (arms.every(({ variance }) => variance === 0)) return notComputed('zero_variance');
  const k = arms.length;
  const probabilityBest = probabilitiesLargest(
    arms.map(({ mean, variance }) => ({ mean: maximize ? mean : -mean, variance })),
  );
  const total = probabilityBest.reduce((sum, p) => sum + p, 0);
  const weights =
    k * floor >= 1
      ? probabilityBest.map(() => 1 / k)
      : probabilityBest.map((p) => floor + ((1 - k * floor) * p) / total);
  return computed({ probabilityBest, weights });
}
