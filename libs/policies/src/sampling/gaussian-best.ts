import { groupPairs, probabilityLargest } from './best-of.js';
import type { Law } from './best-of.js';
import { normalAt } from './normal.js';
import { NODES, panelEnds } from './panels.js';

/** Standard deviations from the mean beyond which a law is taken as 0 or 1: 3e-12 of the mass. */
const REACH = 6.9;
const OFFSETS = [0, 1, -1, 2.2, -2.2, 4, -4, REACH, -REACH];

class GaussianLaw implements Law {
  private readonly pair = new Float64Array(2);

  constructor(
    readonly mean: number,
    readonly sd: number,
    readonly multiplicity: number,
  ) {}

  fill(nodes: Float64Array, _half: number, _first: boolean, density: Float64Array, cdf: Float64Array): void {
    const { pair, mean, sd } = this;
    for (let k = 0; k < NODES; k++) {
      normalAt(((nodes[k] as number) - mean) / sd, pair);
      density[k] = (pair[0] as number) / sd;
      cdf[k] = pair[1] as number;
    }
  }
}

/**
 * Probability of each of K independent Gaussians to be the largest: what Thompson sampling plays. Panels between
 * mean + {0, +-1, +-2.2, +-4, +-6.9} sd of all arms, from the largest lower end up, so that no ratio of deviations
 * breaks it (Gauss-Hermite around each arm is wrong by 1e-2 when deviations differ a hundredfold).
 * @param mean one finite mean per arm.
 * @param sd one deviation per arm, >= 0; a 0 is treated as 1e-9 of the spread of the arms.
 * @returns probabilities that sum to 1, absolute error below 1e-9; below about 1e-11 they are cut to 0.
 */
export function probabilityBest(mean: Float64Array, sd: Float64Array): Float64Array {
  const count = mean.length;
  const { classOf, first, size } = groupPairs(mean, sd);
  if (first.length <= 1) return new Float64Array(count).fill(1 / count);
  const smallest = leastDeviation(mean, sd);
  let lower = -Infinity;
  let upper = -Infinity;
  for (const i of first) {
    const s = Math.max(sd[i] as number, smallest);
    lower = Math.max(lower, (mean[i] as number) - REACH * s);
    upper = Math.max(upper, (mean[i] as number) + REACH * s);
  }
  const laws: GaussianLaw[] = [];
  const lawOfClass = new Int32Array(first.length).fill(-1);
  const points: number[] = [];
  let narrowest = Infinity;
  first.forEach((i, c) => {
    const m = mean[i] as number;
    const s = Math.max(sd[i] as number, smallest);
    if (m + REACH * s <= lower) return;
    lawOfClass[c] = laws.length;
    laws.push(new GaussianLaw(m, s, size[c] as number));
    narrowest = Math.min(narrowest, s);
    for (const offset of OFFSETS) points.push(m + offset * s);
  });
  const p = probabilityLargest(laws, panelEnds(points, lower, upper, 0.5 * narrowest));
  return Float64Array.from(classOf, (c) => {
    const law = lawOfClass[c] as number;
    return law < 0 ? 0 : (p[law] as number);
  });
}

/** The deviation that stands in for 0, relative to the spread of means and deviations. */
function leastDeviation(mean: Float64Array, sd: Float64Array): number {
  let low = Infinity;
  let high = -Infinity;
  let widest = 0;
  for (let i = 0; i < mean.length; i++) {
    low = Math.min(low, mean[i] as number);
    high = Math.max(high, mean[i] as number);
    widest = Math.max(widest, sd[i] as number);
  }
  return Math.max(1e-9 * (high - low), 1e-9 * widest, Number.MIN_VALUE * 1e20);
}
