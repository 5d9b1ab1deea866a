import type { Action, DecisionRequest } from '../contract.js';
import { dot, quadraticForm } from '../linear-algebra/rank-one.js';
import type { LinearPosterior } from './linear-block.js';

/** Posterior of every action's score: independent Gaussians whose largest is played. */
export interface ScorePosterior {
  readonly mean: Float64Array;
  readonly sd: Float64Array;
}

/**
 * Each action has weights of its own on the context x = [1, context]: score ~ N(theta'x, v^2 x' (A + ridge I)^-1 x).
 * Features newer than a block only widen it, by their prior.
 * @param posteriorFor undefined for an action nobody has seen.
 */
export function disjointScores(
  request: DecisionRequest,
  x: Float64Array,
  posteriorFor: (action: Action) => LinearPosterior | undefined,
  base: number,
  ridge: number,
  scale: number,
): ScorePosterior {
  const count = request.actions.length;
  const mean = new Float64Array(count);
  const sd = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    const posterior = posteriorFor(request.actions[i] as Action);
    const dim = posterior?.dim ?? 0;
    let variance = posterior === undefined ? 0 : quadraticForm(posterior.inverse, dim, x);
    for (let j = dim; j < x.length; j++) variance += ((x[j] as number) * (x[j] as number)) / ridge;
    mean[i] = posterior === undefined ? base : dot(posterior.theta, x, dim);
    sd[i] = scale * Math.sqrt(Math.max(0, variance));
  }
  return { mean, sd };
}

/** Position of (action feature j >= 1, context feature i >= 0) in phi = [1, z (x) [1, x]]. */
export function crossPosition(j: number, i: number, contextSize: number): number {
  return 1 + (j - 1) * contextSize + i;
}

/** phi = [1, z (x) [1, x]] of y = [1, z] and x = [1, context]. */
export function crossFeatures(x: Float64Array, y: Float64Array): Float64Array {
  const phi = new Float64Array(1 + (y.length - 1) * x.length);
  phi[0] = 1;
  for (let j = 1; j < y.length; j++) {
    const z = y[j] as number;
    if (z === 0) continue;
    const start = crossPosition(j, 0, x.length);
    for (let i = 0; i < x.length; i++) phi[start + i] = z * (x[i] as number);
  }
  return phi;
}

/** For one context: weights on y = [1, z], and their covariance, size * size. */
interface Contracted {
  readonly weights: Float64Array;
  readonly covariance: Float64Array;
}

/** Folds the context into the posterior once, so that an action costs (z + 1)^2 instead of phi^2. */
function contract(posterior: LinearPosterior, x: Float64Array, size: number): Contracted {
  const { dim, inverse, theta } = posterior;
  const weights = new Float64Array(size);
  const covariance = new Float64Array(size * size);
  weights[0] = theta[0] as number;
  for (let j = 1; j < size; j++) {
    const start = crossPosition(j, 0, x.length);
    let sum = 0;
    for (let i = 0; i < x.length; i++) sum += (theta[start + i] as number) * (x[i] as number);
    weights[j] = sum;
  }
  for (let j = 0; j < size; j++) {
    const rows = j === 0 ? 1 : x.length;
    for (let i = 0; i < rows; i++) {
      const factor = j === 0 ? 1 : (x[i] as number);
      if (factor === 0) continue;
      const row = (j === 0 ? 0 : crossPosition(j, i, x.length)) * dim;
      covariance[j * size] = (covariance[j * size] as number) + factor * (inverse[row] as number);
      for (let k = 1; k < size; k++) {
        const start = row + crossPosition(k, 0, x.length);
        let sum = 0;
        for (let l = 0; l < x.length; l++) sum += (inverse[start + l] as number) * (x[l] as number);
        covariance[j * size + k] = (covariance[j * size + k] as number) + factor * sum;
      }
    }
  }
  return { weights, covariance };
}

/**
 * All actions share one model of phi, so their scores are correlated; what they have in common cannot change which is
 * largest. Each deviation is therefore that of the score's distance from the mean score of the candidates, times
 * K / (K - 1): exact for two actions and for independent ones. Scores are then drawn independently, which makes the
 * probability of each choice exact by quadrature instead of a Monte-Carlo estimate.
 * @param novelty prior variance per action of features the model has not met; it makes new actions worth a try.
 */
export function sharedScores(
  vectors: readonly Float64Array[],
  x: Float64Array,
  posterior: LinearPosterior,
  novelty: Float64Array,
  scale: number,
): ScorePosterior {
  const count = vectors.length;
  const size = (vectors[0] as Float64Array).length;
  const { weights, covariance } = contract(posterior, x, size);
  const centre = new Float64Array(size);
  for (const y of vectors)
    for (let j = 0; j < size; j++) centre[j] = (centre[j] as number) + (y[j] as number) / count;
  const mean = new Float64Array(count);
  const sd = new Float64Array(count);
  const off = new Float64Array(size);
  const inflation = count > 1 ? count / (count - 1) : 1;
  vectors.forEach((y, a) => {
    for (let j = 0; j < size; j++) off[j] = (y[j] as number) - (centre[j] as number);
    mean[a] = dot(weights, y, size);
    sd[a] =
      scale *
      Math.sqrt(Math.max(0, inflation * quadraticForm(covariance, size, off) + (novelty[a] as number)));
  });
  return { mean, sd };
}
