import { computed, notComputed } from '../computed.js';
import type { Computed } from '../computed.js';
import { normalPdf, normalQuantile, normalSf } from '../distributions/index.js';
import { pauleMandel, weightedMean } from './between-variance.js';
import type { EstimatedEffect } from './between-variance.js';

/** The result of one comparison; positive is good for the product. */
export interface PortfolioEffect extends EstimatedEffect {
  /** How many standard errors above zero the effect had to be to count as a win. */
  readonly threshold: number;
}

export interface ShrunkenEffect {
  /** Posterior mean, with an interval of the level asked for. */
  readonly effect: number;
  readonly lower: number;
  readonly upper: number;
  /** Share of the estimate that is kept; the rest comes from the mean of all experiments. */
  readonly weight: number;
  /** The estimate is above its threshold. */
  readonly win: boolean;
}

export interface Portfolio {
  /** Mean of the true effects with its standard error, and their variance. */
  readonly mean: number;
  readonly meanStandardError: number;
  readonly tau2: number;
  readonly effects: readonly ShrunkenEffect[];
  readonly wins: {
    readonly count: number;
    readonly naive: number;
    readonly shrunken: number;
    /** The naive sum less its bias as Lee and Shen estimate it, without a model of the true effects. */
    readonly corrected: number;
  };
  /** Of a win of median precision: what it is estimated at over what it is, both on average; null: cannot be said. */
  readonly expectedExaggeration: number | null;
}

/** Fewer say nothing about how much true effects differ. */
export const FEWEST_EFFECTS = 3;

/**
 * Effects of many experiments, shrunken against the winner's curse: empirical Bayes with normal errors and normal
 * true effects (Efron 2011), their variance by Paule and Mandel (1982). The prior is one normal without a spike at
 * zero: every experiment is taken to do something, however little. Posterior variances include the uncertainty of
 * the mean, not that of tau2. The corrected sum of wins is that of Lee and Shen (KDD 2018).
 * @param level of the posterior intervals, e.g. 0.95.
 * Not computed: `insufficient_units` below three effects, `not_finite`, `zero_variance`, `invalid_alpha`.
 */
export function shrinkPortfolio(effects: readonly PortfolioEffect[], level: number): Computed<Portfolio> {
  if (!(level > 0 && level < 1)) return notComputed('invalid_alpha');
  const numbers = effects.flatMap((one) => [one.effect, one.standardError, one.threshold]);
  if (!numbers.every(Number.isFinite)) return notComputed('not_finite');
  if (effects.length < FEWEST_EFFECTS) return notComputed('insufficient_units');
  if (effects.some(({ standardError }) => !(standardError > 0))) return notComputed('zero_variance');
  const tau2 = pauleMandel(effects);
  const { mean, standardError } = weightedMean(effects, tau2);
  const q = normalQuantile((1 + level) / 2);
  const shrunken = effects.map((one): ShrunkenEffect => {
    const variance = one.standardError ** 2;
    const weight = tau2 / (tau2 + variance);
    const effect = mean + weight * (one.effect - mean);
    const half = q * Math.sqrt(weight * variance + ((1 - weight) * standardError) ** 2);
    return {
      effect,
      lower: effect - half,
      upper: effect + half,
      weight,
      win: one.effect > one.threshold * one.standardError,
    };
  });
  return computed({
    mean,
    meanStandardError: standardError,
    tau2,
    effects: shrunken,
    wins: winsOf(effects, shrunken),
    expectedExaggeration: exaggeration(effects, mean, tau2),
  });
}

function winsOf(effects: readonly PortfolioEffect[], shrunken: readonly ShrunkenEffect[]): Portfolio['wins'] {
  const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
  const won = shrunken.map(({ win }) => win);
  const naive = sum(effects.filter((_, i) => won[i]).map(({ effect }) => effect));
  return {
    count: won.filter(Boolean).length,
    naive,
    shrunken: sum(shrunken.filter(({ win }) => win).map(({ effect }) => effect)),
    corrected: naive - selectionBias(effects),
  };
}

/**
 * Expected excess of the sum of selected effects over the sum of their true values: sum over all of
 * s phi((s b - x) / s), the expectation s phi((s b - a) / s) with the estimate x in place of the true effect a
 * (Lee, Shen 2018, equation 4).
 */
export function selectionBias(effects: readonly PortfolioEffect[]): number {
  return effects.reduce(
    (sum, { effect, standardError, threshold }) =>
      sum + standardError * normalPdf(threshold - effect / standardError),
    0,
  );
}

const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)] as number;
};

/**
 * E[x | win] / E[a | win] for true effects a ~ N(mean, tau2) and estimates x ~ N(a, s^2), at the median precision
 * and threshold: the exaggeration ratio of Gelman and Carlin (2014), averaged over true effects.
 */
function exaggeration(effects: readonly PortfolioEffect[], mean: number, tau2: number): number | null {
  const s = median(effects.map(({ standardError }) => standardError));
  const b = median(effects.map(({ threshold }) => threshold));
  const spread = Math.sqrt(tau2 + s * s);
  const cut = (b * s - mean) / spread;
  const tail = normalSf(cut);
  if (!(tail > 1e-12)) return null;
  const hazard = normalPdf(cut) / tail;
  const truth = mean + (tau2 / spread) * hazard;
  const ratio = (mean + spread * hazard) / truth;
  return truth > 0 && Number.isFinite(ratio) ? ratio : null;
}
