import { noMoments, pooled } from './decayed-moments.js';
import type { Moments } from './decayed-moments.js';

export interface NormalPrior {
  /** Prior mean; null: the mean of everything that the candidates earned. */
  readonly priorMean: number | null;
  /** Prior standard deviation of one reward; null: that of everything that the candidates earned. */
  readonly priorSd: number | null;
  /** Decisions that the prior mean is worth. */
  readonly priorWeight: number;
  /** Decisions that the prior deviation is worth; half of it is the shape of the inverse gamma. */
  readonly priorDegrees: number;
}

/** Student posteriors of mean rewards. */
export interface StudentPosterior {
  readonly location: Float64Array;
  readonly scale: Float64Array;
  readonly degrees: Float64Array;
}

/** Stands in for a deviation of 0, relative to the size of the rewards. */
const LEAST_SPREAD = 1e-6;

/**
 * Normal-inverse-gamma posterior of each action's mean reward (Murphy 2007, section 3): Student with
 * v = v0 + n degrees, location (k0 m0 + n mean) / (k0 + n), squared scale b / (v/2 (k0 + n)) with
 * 2 b = v0 s0^2 + M2 + k0 n (mean - m0)^2 / (k0 + n). The prior is in the unit of the rewards or taken from them, so
 * minutes and euros need no tuning.
 */
export function normalPosterior(moments: readonly Moments[], prior: NormalPrior): StudentPosterior {
  const all = moments.reduce(pooled, noMoments);
  const center = prior.priorMean ?? all.mean;
  const spread = prior.priorSd ?? Math.sqrt(all.weight > 0 ? all.m2 / all.weight : 0);
  const least = LEAST_SPREAD * Math.max(1e-9, Math.abs(all.mean), Math.abs(center));
  const sd = Math.max(spread, least);
  const { priorWeight, priorDegrees } = prior;
  const location = new Float64Array(moments.length);
  const scale = new Float64Array(moments.length);
  const degrees = new Float64Array(moments.length);
  moments.forEach(({ weight, mean, m2 }, i) => {
    const k = priorWeight + weight;
    const gap = mean - center;
    const squares = priorDegrees * sd * sd + m2 + (priorWeight * weight * gap * gap) / k;
    location[i] = center + (gap * weight) / k;
    degrees[i] = priorDegrees + weight;
    scale[i] = Math.sqrt(squares / ((priorDegrees + weight) * k));
  });
  return { location, scale, degrees };
}
