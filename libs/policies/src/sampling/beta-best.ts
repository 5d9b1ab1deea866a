import { groupPairs } from './best-of.js';
import { largestOf, LogConcaveLaw, nextOf } from './integrated-law.js';

/**
 * A Beta(a, b) variable on the logit scale t = log(x / (1 - x)). There its density x^a (1-x)^b is log-concave and
 * smooth for all a, b > 0, however skewed, where on [0, 1] it may have poles at the ends. Everything is relative to
 * the peak at log(a / b), so no gamma function is needed and counts of 1e8 lose no digits.
 */
export class BetaLaw extends LogConcaveLaw {
  private readonly share: number;

  constructor(
    readonly a: number,
    readonly b: number,
    multiplicity: number,
  ) {
    super(multiplicity, Math.sqrt(1 / a + 1 / b), Math.log(a / b));
    this.share = a / (a + b);
    this.settleAroundPeak();
  }

  protected height(delta: number): number {
    return this.a * delta - (this.a + this.b) * Math.log1p(this.share * Math.expm1(delta));
  }

  protected slope(delta: number): number {
    const grown = this.share * Math.expm1(delta);
    return this.a - ((this.a + this.b) * (grown + this.share)) / (1 + grown);
  }
}

/**
 * Probability of each of K independent Beta variables to be the largest: what Beta-Bernoulli Thompson sampling plays.
 * @param alpha, beta shapes, each in [0.1, 1e12].
 * @returns probabilities that sum to 1, absolute error below 1e-9; below about 1e-12 they are cut to 0.
 */
export function probabilityBestBeta(alpha: Float64Array, beta: Float64Array): Float64Array {
  const { classOf, first, size } = groupPairs(alpha, beta);
  const laws = first.map((i, c) => new BetaLaw(alpha[i] as number, beta[i] as number, size[c] as number));
  return largestOf(laws, classOf);
}

/**
 * The next place of a ranking by one draw of every Beta variable: probability of each open one to be the largest of the
 * open ones, given that those placed are all larger.
 * @param taken 1 for the placed variables. Their order is not looked at: given the set, the law is an average over orders.
 * @returns one probability per variable, 0 for the placed ones, sum 1. Where the placed ones are all but impossible
 *   above the others (below 1e-7), the law of a fresh draw of the open ones.
 */
export function probabilityNextBeta(
  alpha: Float64Array,
  beta: Float64Array,
  taken: Uint8Array,
): Float64Array {
  const lawOf = (i: number): BetaLaw => new BetaLaw(alpha[i] as number, beta[i] as number, 1);
  const indices = [...alpha.keys()];
  const open = indices.filter((i) => taken[i] === 0);
  const above = indices.filter((i) => taken[i] !== 0);
  const of = (values: Float64Array): Float64Array => Float64Array.from(open, (i) => values[i] as number);
  const fresh = (): Float64Array => probabilityBestBeta(of(alpha), of(beta));
  const next =
    above.length === 0 || open.length === 1
      ? fresh()
      : (nextOf(open.map(lawOf), above.map(lawOf)) ?? fresh());
  const probabilities = new Float64Array(alpha.length);
  open.forEach((i, k) => (probabilities[i] = next[k] as number));
  return probabilities;
}
