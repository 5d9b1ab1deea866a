import { dot, quadraticForm } from '../linear-algebra/rank-one.js';

/** Posterior of every action's score: independent Gaussians whose largest is played. */
export interface ScorePosterior {
  readonly mean: Float64Array;
  readonly sd: Float64Array;
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

/** Weights on y = [1, z] for one context. */
function contractedWeights(theta: Float64Array, x: Float64Array, size: number): Float64Array {
  const weights = new Float64Array(size);
  weights[0] = theta[0] as number;
  for (let j = 1; j < size; j++) {
    const start = crossPosition(j, 0, x.length);
    let sum = 0;
    for (let i = 0; i < x.length; i++) sum += (theta[start + i] as number) * (x[i] as number);
    weights[j] = sum;
  }
  return weights;
}

/** Covariance of those weights, size * size. The context is folded in once, so an action costs (z + 1)^2, not phi^2. */
function contractedCovariance(
  inverse: Float64Array,
  dim: number,
  x: Float64Array,
  size: number,
): Float64Array {
  const covariance = new Float64Array(size * size);
  for (let j = 0; j < size; j++) {
    const rows = j === 0 ? 1 : x.length;
    for (let i = 0; i < rows; i++) {
      const factor = j === 0 ? 1 : (x[i] as number);
      if (factor === 0) continue;
      const row = (j === 0 ? 0 : crossPosition(j, i, x.length)) * dim;
      covariance[j * size] = (covariance[j * size] as number) + factor * (inverse[row] as number);
      for (let k = 1; k <= j; k++) {
        const start = row + crossPosition(k, 0, x.length);
        let sum = 0;
        for (let l = 0; l < x.length; l++) sum += (inverse[start + l] as number) * (x[l] as number);
        covariance[j * size + k] = (covariance[j * size + k] as number) + factor * sum;
      }
    }
  }
  // quadraticForm reads the lower triangle alone.
  return covariance;
}

/** Mean score of every action under one model of phi. @param vectors one [1, z] per action. */
export function sharedMeans(
  vectors: readonly Float64Array[],
  x: Float64Array,
  theta: Float64Array,
): Float64Array {
  const size = (vectors[0] as Float64Array).length;
  const weights = contractedWeights(theta, x, size);
  return Float64Array.from(vectors, (y) => dot(weights, y, size));
}

/**
 * All actions share one model of phi, so their scores are correlated; what they have in common cannot change which is
 * largest. Each deviation is therefore that of the score's distance from the mean score of the candidates, times
 * K / (K - 1): exact for two actions and for independent ones. Scores are then drawn independently, which makes the
 * probability of each choice exact by quadrature instead of a Monte-Carlo estimate.
 * @param novelty prior variance per action of features the model has not met; it makes new actions worth a try.
 */
export function sharedDeviations(
  vectors: readonly Float64Array[],
  x: Float64Array,
  inverse: Float64Array,
  dim: number,
  novelty: Float64Array,
): Float64Array {
  const count = vectors.length;
  const size = (vectors[0] as Float64Array).length;
  const covariance = contractedCovariance(inverse, dim, x, size);
  const centre = new Float64Array(size);
  for (const y of vectors)
    for (let j = 0; j < size; j++) centre[j] = (centre[j] as number) + (y[j] as number) / count;
  const off = new Float64Array(size);
  const inflation = count > 1 ? count / (count - 1) : 1;
  return Float64Array.from(vectors, (y, a) => {
    for (let j = 0; j < size; j++) off[j] = (y[j] as number) - (centre[j] as number);
    const variance = inflation * quadraticForm(covariance, size, off) + (novelty[a] as number);
    return Math.sqrt(Math.max(0, variance));
  });
}
