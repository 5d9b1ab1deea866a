import type { MetricDefinition, Moments } from '../contract.js';
import { isRatio, needsUnits } from '../kinds.js';

/** Rounding error of a sum of squares, relative: what is smaller than this share of its parts is zero. */
const ROUNDING = 4 * Number.EPSILON;

/**
 * Sums over clusters seen as a mean over their units: n counts clusters, the mean is the sum of values over the number of
 * units, and the comoments are those of the clusters' linearised sums (y - R size) / mean size. Their variance over n is
 * the cluster-robust one (CR1) of Liang and Zeger (1986), as Cameron and Miller (2015) have it, which for a mean is the
 * delta method over clusters (Deng, Knoblich and Lu 2018). So every method for a mean of independent units holds for it,
 * with clusters as the units. The covariate is linearised alike: what is adjusted for is its mean over units.
 * @param sums per cluster: the sum of its units' values, the number of its units, the sum of their covariates.
 * @returns null without a unit.
 */
export function clusterMean(sums: Moments): Moments | null {
  const [my, size, mx] = sums.mean;
  if (sums.n === 0 || !(size > 0)) return null;
  const [yy, ss, xx, ys, yx, sx] = sums.comoment;
  const [value, covariate] = [my / size, mx / size];
  const square = size * size;
  const spread = (own: number, cross: number, of: number): number => {
    const sum = own - 2 * of * cross + of * of * ss;
    return sum <= ROUNDING * (own + of * of * ss) ? 0 : sum / square;
  };
  const together = (yx - value * sx - covariate * ys + value * covariate * ss) / square;
  return {
    ...sums,
    mean: [value, 1, covariate],
    comoment: [spread(yy, ys, value), 0, spread(xx, sx, covariate), 0, together, 0],
  };
}

/** Whether a metric of units that were assigned by cluster has a cluster-robust error: sums over clusters must do. */
export const hasClusterForm = (metric: MetricDefinition): boolean => !needsUnits(metric);

/** What a metric is compared as where clusters were assigned: a ratio of sums, or a mean by `clusterMean`. */
export const clusterKind = ({ kind }: MetricDefinition): MetricDefinition['kind'] =>
  isRatio(kind) ? kind : 'mean';
