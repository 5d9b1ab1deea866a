import { computed, notComputed } from '../computed.js';
import type { Computed } from '../computed.js';
import { normalQuantile } from '../distributions/index.js';
import { pauleMandel, weightedMean } from '../portfolio/between-variance.js';
import type { SegmentEffect } from './heterogeneity.js';

const { min, sqrt } = Math;

/** Two effects say nothing about how much true effects differ. */
export const FEWEST_SHRUNKEN = 3;

/** The effect of one segment, pulled towards the mean effect of all segments of its attribute. */
export interface ShrunkenSegment {
  readonly effect: number;
  /** Root of the estimated mean squared error; never above the raw effect's own. */
  readonly standardError: number;
  readonly lower: number;
  readonly upper: number;
  /** Share of the raw effect that is kept; the rest comes from the mean. */
  readonly weight: number;
}

export interface SegmentShrinkage {
  /** Random-effects mean of the segments, with its standard error. */
  readonly mean: number;
  readonly meanStandardError: number;
  /** Variance of the true effects between segments (Paule, Mandel 1982). */
  readonly tau2: number;
  readonly segments: readonly ShrunkenSegment[];
}

/**
 * Segment effects shrunken towards their random-effects mean: effect = mean + w (raw - mean), w = tau2 / (tau2 + s^2)
 * (empirical Bayes; Fay, Herriot 1979), so that the largest of many segments is not taken at face value. The mean
 * squared error is that of Prasad and Rao (1990), g1 + g2 + 2 g3, with the variance of the moment estimator of tau2 by
 * Datta, Rao and Smith (2005): it counts that the mean and tau2 are estimates. Their bias term, which could only
 * narrow, is left out. With few segments the sum can exceed the raw variance and is then cut to it.
 * @param effects of segments that share no units; @param alpha of the intervals.
 * Not computed: `insufficient_units` below three segments, `not_finite`, `zero_variance`, `invalid_alpha`.
 */
export function shrinkSegments(effects: readonly SegmentEffect[], alpha: number): Computed<SegmentShrinkage> {
  if (!(alpha > 0 && alpha < 1)) return notComputed('invalid_alpha');
  const numbers = effects.flatMap(({ effect, standardError }) => [effect, standardError]);
  if (!numbers.every(Number.isFinite)) return notComputed('not_finite');
  if (effects.length < FEWEST_SHRUNKEN) return notComputed('insufficient_units');
  if (effects.some(({ standardError }) => !(standardError > 0))) return notComputed('zero_variance');
  const tau2 = pauleMandel(effects);
  const { mean, standardError: meanStandardError } = weightedMean(effects, tau2);
  const precision = effects.reduce((sum, one) => sum + 1 / (tau2 + one.standardError ** 2), 0);
  const tau2Variance = (2 * effects.length) / precision ** 2;
  const q = -normalQuantile(alpha / 2);
  const segments = effects.map(({ effect: raw, standardError: error }): ShrunkenSegment => {
    const variance = error * error;
    const weight = tau2 / (tau2 + variance);
    const pulled = 1 - weight;
    const known = weight * variance + (pulled * meanStandardError) ** 2;
    const learned = (pulled * pulled * tau2Variance) / (tau2 + variance);
    const effect = mean + weight * (raw - mean);
    const standardError = sqrt(min(variance, known + 2 * learned));
    return {
      effect,
      standardError,
      lower: effect - q * standardError,
      upper: effect + q * standardError,
      weight,
    };
  });
  return computed({ mean, meanStandardError, tau2, segments });
}
