import type { Law } from './best-of.js';
import { probabilityLargest, probabilityLargestBelow } from './best-of.js';
import { gaussNodes, gaussPartial, gaussWeights, NODES, panelEnds } from './panels.js';

/**
 * A law that is known by its unnormalised density alone: its mass and its distribution function are integrated panel
 * by panel, so no special function is needed. Subclasses call `settle` at the end of their constructor.
 */
export abstract class IntegratedLaw implements Law {
  /** Panel ends; the first and last bound all but 1e-12 of the mass. */
  ends = new Float64Array(0);
  private mass = 1;
  private running = 0;

  constructor(
    readonly multiplicity: number,
    /** Width of the peak: panels much narrower than this are not needed. */
    readonly width: number,
  ) {}

  get lower(): number {
    return this.ends[0] as number;
  }

  get upper(): number {
    return this.ends[this.ends.length - 1] as number;
  }

  /** Density up to a constant, 1 at the peak. */
  protected abstract densityAt(x: number): number;

  protected settle(ends: readonly number[]): void {
    this.ends = Float64Array.from(ends).sort();
    this.mass = this.integral(this.lower, this.upper);
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
        sum += half * (gaussWeights[k] as number) * this.densityAt(t);
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
      const value = this.densityAt(nodes[k] as number) / this.mass;
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

/** Half squares: the levels below the peak of the log density, in Gaussian deviations, that bound the panels. */
const DEVIATIONS = [1, 2, 3.2, 5, 7.5];

/** A law with a concave, smooth log density `height`, relative to its peak. */
export abstract class LogConcaveLaw extends IntegratedLaw {
  constructor(
    multiplicity: number,
    width: number,
    readonly peak: number,
  ) {
    super(multiplicity, width);
  }

  /** Log density relative to the peak, `delta` away from it. */
  protected abstract height(delta: number): number;
  protected abstract slope(delta: number): number;

  protected densityAt(x: number): number {
    return Math.exp(this.height(x - this.peak));
  }

  protected settleAroundPeak(): void {
    const points = [this.peak];
    for (const deviation of DEVIATIONS) {
      points.push(this.peak + this.distance(deviation, 1), this.peak + this.distance(deviation, -1));
    }
    this.settle(points);
  }

  /**
   * How far from the peak the log density has fallen by deviation^2 / 2, to the right (sign 1) or left (-1). Newton
   * from outside: the tangent of a concave function lies above it, so the steps approach from one side.
   */
  private distance(deviation: number, sign: number): number {
    const level = -0.5 * deviation * deviation;
    let delta = sign * deviation * this.width;
    while (this.height(delta) > level) delta *= 1.5;
    for (let step = 0; step < 60; step++) {
      const move = (this.height(delta) - level) / this.slope(delta);
      delta -= move;
      if (Math.abs(move) <= 1e-6 * Math.abs(delta)) break;
    }
    return delta;
  }
}

/**
 * Probability of each variable to be the largest.
 * @param classOf the law of each variable, as an index into `laws`.
 * @returns probabilities that sum to 1; below about 1e-12 they are cut to 0.
 */
export function largestOf(laws: readonly IntegratedLaw[], classOf: Uint32Array): Float64Array {
  if (laws.length <= 1) return new Float64Array(classOf.length).fill(1 / classOf.length);
  const lower = laws.reduce((most, law) => Math.max(most, law.lower), -Infinity);
  const upper = laws.reduce((most, law) => Math.max(most, law.upper), -Infinity);
  const open = laws.filter((law) => law.upper > lower);
  const narrowest = open.reduce((least, law) => Math.min(least, law.width), Infinity);
  const points = open.flatMap((law) => [...law.ends]);
  const p = probabilityLargest(open, panelEnds(points, lower, upper, 0.3 * narrowest));
  const byLaw = new Map(open.map((law, i) => [law, p[i] as number]));
  return Float64Array.from(classOf, (c) => byLaw.get(laws[c] as IntegratedLaw) ?? 0);
}

/** Below this probability of what stands above, its quadrature error shows in what follows from it. */
const UNLIKELY = 1e-7;

/**
 * Probability of each open variable to be the next largest, given that the ones above are all larger than all of these.
 * Above is a set: its own order does not matter.
 * @param open laws of the open variables, one each. @param above those of the others.
 * @returns probabilities that sum to 1; null where what stands above is all but impossible (below 1e-7).
 */
export function nextOf(open: readonly IntegratedLaw[], above: readonly IntegratedLaw[]): Float64Array | null {
  const lower = open.reduce((most, law) => Math.max(most, law.lower), -Infinity);
  const highest = open.reduce((most, law) => Math.max(most, law.upper), -Infinity);
  const upper = above.reduce((least, law) => Math.min(least, law.upper), highest);
  if (upper <= lower) return null;
  const narrowest = [...open, ...above].reduce((least, law) => Math.min(least, law.width), Infinity);
  const points = [...open, ...above].flatMap((law) => [...law.ends]);
  const p = probabilityLargestBelow(open, above, panelEnds(points, lower, upper, 0.3 * narrowest));
  const sum = p.reduce((total, one) => total + one, 0);
  return sum < UNLIKELY ? null : p.map((one) => one / sum);
}
