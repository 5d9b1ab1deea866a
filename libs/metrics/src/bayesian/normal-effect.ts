import { computed, notComputed } from '../computed.js';
import type { Computed } from '../computed.js';
import type { Contrast } from '../contrast.js';
import { log1mExp, logGammaLower } from '../distributions/gamma.js';
import { normalCdf, normalLogSf, normalQuantile } from '../distributions/index.js';
import { deltaLift } from '../fieller.js';

const { abs, exp, max, sign, sqrt } = Math;

/** From here on the normal tail loss is computed by its continued fraction. */
const FAR = 3;
const FRACTION_TERMS = 200;

/** Normal prior of an effect; null: none (flat). */
export interface NormalPrior {
  readonly mean: number;
  /** >= 0; 0: the effect is known to be the mean. */
  readonly variance: number;
}

export interface NormalPosterior {
  readonly mean: number;
  readonly sd: number;
  /** P(effect > 0). */
  readonly probabilityPositive: number;
  readonly probabilityNegative: number;
  /** E[max(0, effect)] and E[max(0, -effect)]. */
  readonly expectedGain: number;
  readonly expectedLoss: number;
  /** Equal-tailed credible interval. */
  readonly lower: number;
  readonly upper: number;
  /** Probabilities that the effect is above, within and below the region of practical equivalence. */
  readonly rope: { readonly above: number; readonly within: number; readonly below: number };
}

/** E[max(0, Z - z)] of a standard normal Z, right in relative terms at any z. */
export function normalTailLoss(z: number): number {
  const density = exp(-0.5 * z * z) / sqrt(2 * Math.PI);
  if (z <= FAR) return density - z * normalCdf(-z);
  // phi(z) (1 - z M(z)) with Mills' ratio M(z) = 1 / (z + 1 / (z + 2 / (z + ...))): nothing cancels.
  let tail = 0;
  for (let k = FRACTION_TERMS; k >= 1; k--) tail = k / (z + tail);
  return (density * tail) / (z + tail);
}

/** E[max(0, X)] of X normal with this mean and standard deviation (0: known). */
function expectedPositive(mean: number, sd: number): number {
  return sd === 0 ? max(0, mean) : sd * normalTailLoss(-mean / sd);
}

/** P(0 < Z < z) of a standard normal Z, z >= 0; right in relative terms for small z. */
const centralArea = (z: number): number => exp(logGammaLower(0.5, (z * z) / 2)) / 2;

/** P(-half < X < half) without the cancellation of two tails, wherever the mean lies. */
function withinRope(half: number, mean: number, sd: number): number {
  const near = (half - abs(mean)) / sd;
  const far = (half + abs(mean)) / sd;
  if (near >= 0) return centralArea(near) + centralArea(far);
  const inner = normalLogSf(-near);
  return exp(inner + log1mExp(normalLogSf(far) - inner));
}

function ropeOf(half: number, mean: number, sd: number): NormalPosterior['rope'] {
  if (sd === 0) {
    const [above, below] = [mean > half ? 1 : 0, mean < -half ? 1 : 0];
    return { above, within: 1 - above - below, below };
  }
  return {
    above: normalCdf((mean - half) / sd),
    within: half > 0 ? withinRope(half, mean, sd) : 0,
    below: normalCdf((-half - mean) / sd),
  };
}

/**
 * Posterior of an effect with a normal likelihood and a normal prior (conjugate): precisions add up. A prior
 * variance of Infinity is no prior, of 0 a known effect.
 * @param estimate with standard error `se` > 0. @param alpha one minus the level of the interval.
 * @param rope half-width of the region of practical equivalence around 0, in units of the effect.
 * Not computed: `not_finite`, `invalid_input` (negative prior variance or rope, alpha outside (0, 1)),
 * `zero_variance` (se 0).
 */
export function normalPosterior(
  estimate: number,
  se: number,
  prior: NormalPrior | null,
  { alpha, rope = 0 }: { readonly alpha: number; readonly rope?: number },
): Computed<NormalPosterior> {
  const law = prior ?? { mean: 0, variance: Infinity };
  if (![estimate, se, law.mean].every(Number.isFinite)) return notComputed('not_finite');
  if (!(alpha > 0 && alpha < 1) || ![rope, se, law.variance].every((value) => value >= 0)) {
    return notComputed('invalid_input');
  }
  if (se === 0) return notComputed('zero_variance');
  // Shares of data and prior in the posterior mean, from standard deviations: their squares may underflow.
  const ratio = (se / sqrt(law.variance)) ** 2;
  const share = 1 / (1 + ratio);
  const mean = share * estimate + (ratio === Infinity ? 1 : ratio * share) * law.mean;
  const sd = se * sqrt(share);
  const half = sd * normalQuantile(1 - alpha / 2);
  return computed({
    mean,
    sd,
    probabilityPositive: sd > 0 ? normalCdf(mean / sd) : (1 + sign(mean)) / 2,
    probabilityNegative: sd > 0 ? normalCdf(-mean / sd) : (1 - sign(mean)) / 2,
    expectedGain: expectedPositive(mean, sd),
    expectedLoss: expectedPositive(-mean, sd),
    lower: mean - half,
    upper: mean + half,
    rope: ropeOf(rope, mean, sd),
  });
}

/**
 * Posterior of the difference (absolute) or lift (relative, delta method) of a contrast. The prior is on the
 * lift; for the absolute scale it is carried over by the size of the baseline. Not computed, beside the reasons
 * of `normalPosterior`: `zero_baseline` (a lift, or a prior on one, of a baseline that is exactly 0).
 */
export function contrastPosterior(
  contrast: Contrast,
  scale: 'absolute' | 'relative',
  prior: NormalPrior | null,
  alpha: number,
): Computed<NormalPosterior> {
  if (scale === 'relative') {
    const lift = deltaLift(contrast);
    if (!lift) return notComputed('zero_baseline');
    return normalPosterior(lift.estimate, lift.standardError, prior, { alpha });
  }
  const size = abs(contrast.baseline);
  if (prior && size === 0) return notComputed('zero_baseline');
  const carried = prior && { mean: prior.mean * size, variance: prior.variance * size * size };
  return normalPosterior(contrast.estimate, contrast.standardError, carried, { alpha });
}
