import { addOuterPacked } from '../linear-algebra/packed.js';
import { addScaled, dot } from '../linear-algebra/rank-one.js';
import { decayFactor } from './decayed-counts.js';
import { factorOf, meanWeights } from './linear-block.js';
import type { Factor, LinearBlock } from './linear-block.js';

export interface HeadRow {
  readonly x: Float64Array;
  readonly reward: number;
  readonly at: number;
}

/** A copy with the rows added, faded to the newest time. The block given stays as it is. */
export function learnRows(
  block: LinearBlock,
  rows: readonly HeadRow[],
  halfLifeDays: number | null,
): LinearBlock {
  const untouched = block.at === 0;
  const at = rows.reduce((newest, row) => Math.max(newest, row.at), untouched ? -Infinity : block.at);
  const fade = untouched ? 1 : decayFactor(block.at, at, halfLifeDays);
  const a = block.a.map((value) => value * fade);
  const b = block.b.map((value) => value * fade);
  for (const row of rows) {
    const weight = decayFactor(row.at, at, halfLifeDays);
    addOuterPacked(a, block.dim, row.x, weight);
    addScaled(b, row.x, weight * row.reward);
  }
  return { ...block, a, b, at };
}

/** Bayesian ridge regression of one action's rewards on a representation. */
export interface HeadPosterior {
  readonly factor: Factor;
  readonly theta: Float64Array;
}

/** @param fade how much of the block's weight is left, in (0, 1]. @param base prior mean of the constant. */
export function headOf(block: LinearBlock, ridge: number, fade: number, base: number): HeadPosterior {
  const factor = factorOf(block, ridge, fade);
  return { factor, theta: meanWeights(block, factor, base, null) };
}

/**
 * Mean and variance (in units of the noise) of an action's score; features newer than the head widen it by their prior.
 * @param head undefined for an action nobody has seen.
 */
export function headScore(
  head: HeadPosterior | undefined,
  x: Float64Array,
  ridge: number,
  base: number,
): { readonly mean: number; readonly variance: number } {
  const dim = head?.factor.dim ?? 0;
  let variance = head === undefined ? 0 : head.factor.variance(x, new Float64Array(dim));
  for (let j = dim; j < x.length; j++) variance += ((x[j] as number) * (x[j] as number)) / ridge;
  return { mean: head === undefined ? base : dot(head.theta, x, dim), variance };
}
