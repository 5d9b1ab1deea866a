import type { Evidence, ModelValues } from './contract.js';
import { varianceOf } from './statistics.js';
import { largestOf } from './weights.js';

const DELTA = 0.05;

/**
 * Estimates of the mean squared error of a doubly robust estimate whose weights were changed from w to `changed`:
 * variance of its terms / n + bias^2. `scoreDirect` takes the bias as mean((w - changed)(r - q)); `scoreUpper` adds
 * an upper confidence bound, which ignores the scale of rewards and is of no use at click rates of a percent (Su et
 * al. 2020, section 5).
 */
export function tuningScores(
  evidence: Evidence,
  model: ModelValues,
  changed: Float64Array,
  terms: Float64Array,
): { scoreDirect: number; scoreUpper: number } {
  const { n, weight, rows } = evidence;
  let bias = 0;
  let squares = 0;
  for (let i = 0; i < n; i++) {
    const w = weight[i] as number;
    bias += (w - (changed[i] as number)) * ((rows.reward[i] as number) - (model.predicted[i] as number));
    squares += w * w;
  }
  bias /= n;
  const variance = varianceOf(terms, 0) / n;
  const logarithm = Math.log(2 / DELTA);
  const bound =
    Math.abs(bias) +
    Math.sqrt(((2 * squares) / n) * (logarithm / n)) +
    (2 * largestOf(weight) * logarithm) / (3 * n);
  return { scoreDirect: variance + bias * bias, scoreUpper: variance + bound * bound };
}
