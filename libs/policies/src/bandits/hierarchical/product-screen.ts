import { normalCdf } from '../../sampling/normal.js';
import { pairPosition, screenedPairs } from './model.js';
import type { HierarchicalModel } from './model.js';

/** Least information of an action on a product before its score counts as normal. */
const LEAST_INFORMATION = 5;

/**
 * Adds one decision to the score statistics of every pair of context features. The residual is against the
 * prediction made before the reward was learned, so its expectation is 0 under a model without the product however
 * the actions were chosen: the sums are martingales.
 * @param x [1, context features, ...].
 * @param information mu (1 - mu) times the decision's weight.
 */
export function addScores(
  scores: Float64Array,
  x: Float64Array,
  residual: number,
  information: number,
): void {
  let next = 0;
  for (let j = 1; next < scores.length; j++) {
    const xj = x[j + 1] as number;
    if (xj === 0) {
      next += 2 * j;
      continue;
    }
    for (let i = 0; i < j; i++, next += 2) {
      const product = xj * (x[i + 1] as number);
      scores[next] = (scores[next] as number) + residual * product;
      scores[next + 1] = (scores[next + 1] as number) + information * product * product;
    }
  }
}

/**
 * Upper tail of chi-square with k >= 1 degrees of freedom, by the recurrence that adds two degrees at a time; absolute
 * error below 1e-11.
 */
export function chiSquareTail(value: number, k: number): number {
  const half = value / 2;
  let tail = k % 2 === 0 ? Math.exp(-half) : 2 * normalCdf(-Math.sqrt(value));
  // half^(j/2) e^-half / Gamma(j/2 + 1) for j = 1 or 2 degrees.
  let term = k % 2 === 0 ? half * Math.exp(-half) : 2 * Math.sqrt(half / Math.PI) * Math.exp(-half);
  for (let j = k % 2 === 0 ? 2 : 1; j < k; j += 2) {
    tail += term;
    term *= half / (j / 2 + 1);
  }
  return Math.min(1, tail);
}

/**
 * The product of two context features that the model lacks most: Rao's score test of its weights in all actions,
 * chi-square with one degree of freedom per action.
 * @param level chance to add a product though there is none, over all pairs of one review (Bonferroni).
 * @returns undefined when none is significant.
 */
export function missingProduct(
  model: HierarchicalModel,
  maxProducts: number,
  level: number,
): readonly [number, number] | undefined {
  const pairs = screenedPairs(model.names.length, model.products.length, maxProducts);
  const known = new Set(model.products.map(([i, j]) => pairPosition(i, j)));
  let best: readonly [number, number] | undefined;
  let least = pairs > 0 ? level / pairs : 0;
  for (let j = 1; pairPosition(0, j) < pairs; j++) {
    for (let i = 0; i < j; i++) {
      if (known.has(pairPosition(i, j))) continue;
      const p = lackOf(model, pairPosition(i, j));
      if (p < least) {
        least = p;
        best = [i, j];
      }
    }
  }
  return best;
}

function lackOf(model: HierarchicalModel, pair: number): number {
  let statistic = 0;
  let freedom = 0;
  for (const { scores } of model.arms) {
    const information = scores[2 * pair + 1] as number;
    if (information < LEAST_INFORMATION) continue;
    statistic += (scores[2 * pair] as number) ** 2 / information;
    freedom++;
  }
  return freedom === 0 ? 1 : chiSquareTail(statistic, freedom);
}
