import type { Moments } from '../contract.js';
import { GRID } from '../quantiles/order-statistics.js';
import { momentsOfEstimate } from './estimate-moments.js';

const clamp = (p: number): number => Math.min(1, Math.max(0, p));

/**
 * Levels at which one arm's sample quantiles (type 7) are needed: the quantile itself and both ends of the 95 % grid,
 * level -+ 1.96 sqrt(level (1 - level) / n).
 */
export function quantileLevels(
  level: number,
  n: number,
): readonly [at: number, lower: number, upper: number] {
  const reach = GRID * Math.sqrt((level * (1 - level)) / Math.max(1, n));
  return [level, clamp(level - reach), clamp(level + reach)];
}

/** Sample quantiles of one arm at `quantileLevels`. */
export interface QuantileRow {
  readonly n: number;
  readonly quantile: number;
  readonly lower: number;
  readonly upper: number;
}

/**
 * A quantile of one arm's units as moments. Standard error from order statistics: (upper - lower) / (2 * 1.96) (Deng,
 * Knoblich, Lu 2018, arXiv 1803.06336). Where ties make the ends coincide, the moments have no spread.
 * @param level in (0, 1).
 * @returns null for too few units: n must exceed 1.96^2 max(level / (1 - level), (1 - level) / level).
 */
export function quantileMoments({ n, quantile, lower, upper }: QuantileRow, level: number): Moments | null {
  if (!(n > GRID ** 2 * Math.max(level / (1 - level), (1 - level) / level))) return null;
  return momentsOfEstimate(n, quantile, ((upper - lower) / (2 * GRID)) ** 2, n);
}
