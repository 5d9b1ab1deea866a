import { groupPairs, probabilityLargest } from './best-of.js';
import type { Law } from './best-of.js';
import { gaussNodes, gaussPartial, gaussWeights, NODES, panelEnds } from './panels.js';

/** Half squares: the levels below the peak of the log density, in Gaussian deviations, that bound the panels. */
const DEVIATIONS = [1, 2, 3.2, 5, 7.5];

/**
 * A Beta(a, b) variable on the logit scale t = log(x / (1 - x)). There its density x^a (1-x)^b is log-concave and
 * smooth for all a, b > 0, however skewed, where on [0, 1] it may have poles at the ends. Everything is relative to
 * the peak at log(a / b), so no gamma function is needed and counts of 1e8 lose no digits.
 */
export class BetaLaw implements Law {
  readonly peak: number;
  /** Panel ends on the logit scale; the first and last bound all but 1e-12 of the mass. */
  readonly ends: Float64Array;
  private readonly share: number;
  private readonly mass: number;
  private running = 0;

  constructor(
    readonly a: number,
    readonly b: number,
    readonly multiplicity: number,
  ) {
    this.peak = Math.log(a / b);
    this.share = a / (a + b);
    const points = [this.peak];
    for (const deviation of DEVIATIONS) {
      points.push(this.peak + this.distance(deviation, 1), this.peak + this.distance(deviation, -1));
    }
    this.ends = Float64Array.from(points).sort();
    this.mass = this.integral(this.lower, this.upper);
  }

  get lower(): number {
    return this.ends[0] as number;
  }

  get upper(): number {
    return this.ends[this.ends.length - 1] as number;
  }

  /** Log density relative to the peak, `delta` away from it. */
  private height(delta: number): number {
    return this.a * delta - (this.a + this.b) * Math.log1p(this.share * Math.expm1(delta));
  }

  private slope(delta: number): number {
    const grown = this.share * Math.expm1(delta);
    return this.a - ((this.a + this.b) * (grown + this.share)) / (1 + grown);
  }

  /**
   * How far from the peak the log density has fallen by deviation^2 / 2, to the right (sign 1) or left (-1). Newton
   * from outside: the tangent of a concave function lies above it, so the steps approach from one side.
   */
  private distance(deviation: number, sign: number): number {
    const level = -0.5 * deviation * deviation;
    let delta = sign * deviation * Math.sqrt(1 / this.a + 1 / this.b);
    while (this.height(delta) > level) delta *= 1.5;
    for (let step = 0; step < 60; step++) {
      const move = (this.height(delta) - level) / this.slope(delta);
      delta -= move;
      if (Math.abs(move) <= 1e-6 * Math.abs(delta)) break;
    }
    return delta;
  }

  /** Unnormalised mass of [from, to] by this law's own panels. */
  private integral(from: number, to: number): number {
    let sum = 0;
    for (let i = 1; i < this.ends.length; i++) {
      const start = Math.max(from, this.ends[i - 1] as number);
      const half = (Math.min(to, this.ends[i] as number) - start) / 2;
      if (half <= 0) continue;
      for (let k = 0; k < NODES; k++) {
        const t = start + half * (1 + (gaussNodes[k] as number));
        sum += half * (gaussWeights[k] as number) * Math.exp(this.height(t - this.peak));
      }
    }
    return sum;
  }

  fill(nodes: Float64Array, half: number, first: boolean, density: Float64Array, cdf: Float64Array): void {
    const start = (nodes[0] as number) - half * (1 + (gaussNodes[0] as number));
    if (first) this.running = this.integral(this.lower, start) / this.mass;
    if (start >= this.upper || start + 2 * half <= this.lower) {
      density.fill(0);
      cdf.fill(start >= this.upper ? 1 : 0);
      return;
    }
    let whole = 0;
    for (let k = 0; k < NODES; k++) {
      const value = Math.exp(this.height((nodes[k] as number) - this.peak)) / this.mass;
      density[k] = value;
      whole += (gaussWeights[k] as number) * value;
    }
    for (let k = 0; k < NODES; k++) {
      let part = 0;
      for (let m = 0; m < NODES; m++)
        part += (gaussPartial[k * NODES + m] as number) * (density[m] as number);
      cdf[k] = Math.min(1, Math.max(0, this.running + half * part));
    }
    this.running += half * whole;
  }
}

/**
 * Probability of each of K independent Beta variables to be the largest: what Beta-Bernoulli Thompson sampling plays.
 * @param alpha, beta shapes, each in [0.1, 1e12].
 * @returns probabilities that sum to 1, absolute error below 1e-9; below about 1e-12 they are cut to 0.
 */
export function probabilityBestBeta(alpha: Float64Array, beta: Float64Array): Float64Array {
  const count = alpha.length;
  const { classOf, first, size } = groupPairs(alpha, beta);
  if (first.length <= 1) return new Float64Array(count).fill(1 / count);
  const all = first.map((i, c) => new BetaLaw(alpha[i] as number, beta[i] as number, size[c] as number));
  const lower = all.reduce((most, law) => Math.max(most, law.lower), -Infinity);
  const upper = all.reduce((most, law) => Math.max(most, law.upper), -Infinity);
  const open = all.filter((law) => law.upper > lower);
  const narrowest = open.reduce((least, law) => Math.min(least, Math.sqrt(1 / law.a + 1 / law.b)), Infinity);
  const points = open.flatMap((law) => [...law.ends]);
  const p = probabilityLargest(open, panelEnds(points, lower, upper, 0.3 * narrowest));
  const byLaw = new Map(open.map((law, i) => [law, p[i] as number]));
  return Float64Array.from(classOf, (c) => byLaw.get(all[c] as BetaLaw) ?? 0);
}
