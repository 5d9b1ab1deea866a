import { logIntegral } from './log-concave.js';

/** A continuous posterior law on a scale on which density and distribution function are log-concave. */
export interface Posterior {
  logDensity(u: number): number;
  logCdf(u: number): number;
  logSf(u: number): number;
  /** Somewhere in the middle. */
  readonly centre: number;
  /** Its width, roughly a standard deviation. */
  readonly scale: number;
  /** Rounding error of exp(logDensity), relative. */
  readonly noise: number;
}

const toleranceOf = (laws: readonly Posterior[]): number =>
  laws.reduce((largest, law) => Math.max(largest, law.noise), 1e-11);

/**
 * Probability that the first law's value is the largest: integral of its density times the distribution
 * functions of the others (all independent). Right in relative terms, also near 0.
 * @param cutoff only values above it count (default: all).
 */
export function probabilityLargest(law: Posterior, others: readonly Posterior[], cutoff = -Infinity): number {
  const laws = [law, ...others];
  // The product peaks between the law's own centre and the highest of the others.
  const start = Math.max(law.centre, Number.isFinite(cutoff) ? cutoff : law.centre);
  const f = (u: number): number =>
    u < cutoff ? -Infinity : others.reduce((sum, other) => sum + other.logCdf(u), law.logDensity(u));
  return Math.min(1, Math.exp(logIntegral(f, start, law.scale, toleranceOf(laws))));
}

/**
 * Expected shortfall E[max(0, b - a)] in units of x, for laws of u = u(x): integral of P(a < x) P(b > x) dx.
 * @param logJacobian log of dx/du, concave in u.
 */
export function expectedExcess(a: Posterior, b: Posterior, logJacobian: (u: number) => number): number {
  const f = (u: number): number => a.logCdf(u) + b.logSf(u) + logJacobian(u);
  const scale = Math.max(a.scale, b.scale);
  return Math.exp(logIntegral(f, (a.centre + b.centre) / 2, scale, toleranceOf([a, b])));
}
