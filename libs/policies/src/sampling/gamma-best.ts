import { groupPairs } from './best-of.js';
import { largestOf, LogConcaveLaw } from './integrated-law.js';

/** A Gamma variable on the log scale, where its density exp(a t - b e^t) is log-concave for every shape. */
class GammaLaw extends LogConcaveLaw {
  constructor(
    readonly shape: number,
    readonly rate: number,
    multiplicity: number,
  ) {
    super(multiplicity, Math.sqrt(1 / shape), Math.log(shape / rate));
    this.settleAroundPeak();
  }

  protected height(delta: number): number {
    return this.shape * (delta - Math.expm1(delta));
  }

  protected slope(delta: number): number {
    return -this.shape * Math.expm1(delta);
  }
}

/**
 * Probability of each of K independent Gamma variables to be the largest: what gamma-Poisson Thompson sampling plays.
 * @param shape in [0.1, 1e12]. @param rate > 0.
 * @returns probabilities that sum to 1, absolute error below 1e-9; below about 1e-12 they are cut to 0.
 */
export function probabilityBestGamma(shape: Float64Array, rate: Float64Array): Float64Array {
  const { classOf, first, size } = groupPairs(shape, rate);
  const laws = first.map((i, c) => new GammaLaw(shape[i] as number, rate[i] as number, size[c] as number));
  return largestOf(laws, classOf);
}
