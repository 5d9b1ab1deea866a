import { normalLogSf } from '../distributions/index.js';

/** Bound once: a lookup of the global for every pair of nodes costs where globals are proxied. */
const { exp, log } = Math;

/** Standard deviations below the mean that the integration covers; what lies below has no weight in doubles. */
const BELOW = 9;
/** Standard deviations above it, where a boundary does not end the region before. */
const ABOVE = 38;
/** Beyond this many standard deviations exp(-x^2/2) is 0 in doubles. */
const UNDERFLOW = 39;
const LOG_SQRT_2PI = 0.5 * Math.log(2 * Math.PI);

const [NODES, WEIGHTS] = gaussLegendre(10);

/** Nodes and weights of Gauss-Legendre quadrature on [-1, 1], by Newton's method on the Legendre polynomial. */
export function gaussLegendre(order: number): [number[], number[]] {
  const nodes: number[] = [];
  const weights: number[] = [];
  for (let i = 0; i < order; i++) {
    let x = -Math.cos((Math.PI * (i + 0.75)) / (order + 0.5));
    let slope = 1;
    for (let step = 0; step < 20; step++) {
      let [p0, p1] = [1, x];
      for (let k = 2; k <= order; k++) [p0, p1] = [p1, ((2 * k - 1) * x * p1 - (k - 1) * p0) / k];
      slope = (order * (x * p1 - p0)) / (x * x - 1);
      x -= p1 / slope;
    }
    nodes.push(x);
    weights.push(2 / ((1 - x * x) * slope * slope));
  }
  return [nodes, weights];
}

/** Sub-density of Z over the paths that have not crossed: nodes in ascending order, and density times weight. */
interface Surviving {
  readonly information: number;
  readonly z: Float64Array;
  readonly mass: Float64Array;
}

/**
 * The statistic Z_k = S_k / sqrt(I_k) at growing information I_k, where S has independent normal increments
 * (mean drift * dI, variance dI), watched at an upper boundary: the recursive integration of Armitage, McPherson
 * and Rowe (1969). The region between looks is cut into panels narrower than what the density can change over, and
 * each integrated by Gauss-Legendre, so that it also holds for looks close together and for tiny tails.
 */
export class CrossingRecursion {
  private before: Surviving | null = null;

  constructor(private readonly drift: number = 0) {}

  /** Log of the probability to cross `c` at the next look, at this information, and not before. */
  logCrossing(information: number, c: number): number {
    return this.logSumAtNext(information, c, normalLogSf);
  }

  /** Log of the density of Z at z at the next look, over the paths that have not crossed before. */
  logDensity(information: number, z: number): number {
    const scale = this.before ? 0.5 * Math.log(information / (information - this.before.information)) : 0;
    return scale + this.logSumAtNext(information, z, (x) => -0.5 * x * x - LOG_SQRT_2PI);
  }

  /** Log of the sum over the surviving paths of exp(f(standardised distance of z)), at the next look. */
  private logSumAtNext(information: number, z: number, f: (x: number) => number): number {
    const { before, drift } = this;
    if (!before) return f(z - drift * Math.sqrt(information));
    const step = information - before.information;
    const target = (z * Math.sqrt(information) - drift * step) / Math.sqrt(step);
    const slope = Math.sqrt(before.information / step);
    const terms = before.z.map((zj, j) => log(before.mass[j] as number) + f(target - zj * slope));
    const top = terms.reduce((a, b) => Math.max(a, b), -Infinity);
    if (top === -Infinity) return top;
    return top + Math.log(terms.reduce((sum, term) => sum + exp(term - top), 0));
  }

  /**
   * Takes the look at `information` with boundary `c` (Infinity: no stop); `next` is the information of the look
   * after it, which decides how finely the density has to be kept.
   */
  advance(information: number, c: number, next: number): void {
    const mean = this.drift * Math.sqrt(information);
    const low = mean - BELOW;
    const high = Math.max(low, Math.min(c, mean + ABOVE));
    const stepIn = information - (this.before?.information ?? 0);
    const width =
      1.5 * Math.min(1, Math.sqrt(stepIn / information), Math.sqrt((next - information) / information));
    const panels = Math.ceil((high - low) / width);
    const z = new Float64Array(panels * NODES.length);
    const weight = new Float64Array(z.length);
    const half = (high - low) / panels / 2;
    for (let i = 0; i < z.length; i++) {
      const node = i % NODES.length;
      z[i] = low + half * (2 * Math.floor(i / NODES.length) + 1 + (NODES[node] as number));
      weight[i] = half * (WEIGHTS[node] as number);
    }
    const mass = this.before
      ? this.propagate(this.before, information, z)
      : z.map((x) => normalDensity(x - mean));
    this.before = { information, z, mass: mass.map((density, i) => density * (weight[i] as number)) };
  }

  /** Density at the ascending points `z`; sources too far away to add anything in doubles are skipped. */
  private propagate(before: Surviving, information: number, z: Float64Array): Float64Array {
    const step = information - before.information;
    const root = Math.sqrt(step);
    const slope = Math.sqrt(before.information) / root;
    const scale = Math.sqrt(information) / root;
    const shift = this.drift * root;
    let first = 0;
    return z.map((point) => {
      const target = point * scale - shift;
      while (first < before.z.length && target - (before.z[first] as number) * slope > UNDERFLOW) first++;
      let sum = 0;
      for (let j = first; j < before.z.length; j++) {
        const x = target - (before.z[j] as number) * slope;
        if (x < -UNDERFLOW) break;
        sum += (before.mass[j] as number) * exp(-0.5 * x * x);
      }
      return (sum * scale) / Math.sqrt(2 * Math.PI);
    });
  }
}

function normalDensity(x: number): number {
  return exp(-0.5 * x * x - LOG_SQRT_2PI);
}
