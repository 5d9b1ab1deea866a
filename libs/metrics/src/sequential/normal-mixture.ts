import { bracketedRoot } from '../distributions/invert.js';
import { normalLogSf } from '../distributions/index.js';
import { isProbability, undefinedBecause } from '../inference/outcome.js';
import type { Outcome } from '../inference/outcome.js';

/** Tuning of a normal-mixture boundary: tightest at intrinsic time `optimalTime` for error `optimalAlpha`. */
export interface MixtureTuning {
  /** Intrinsic time: the sum of the variances of the increments so far, in squared units of the sum. */
  readonly optimalTime: number;
  readonly optimalAlpha: number;
  readonly oneSided: boolean;
}

export interface MixtureBoundary {
  /** Precision of the mixture, in units of intrinsic time. */
  readonly rho: number;
  /** The sum may leave the boundary at intrinsic time v >= 0, ever, with probability at most `alpha`. */
  readonly bound: (v: number, alpha: number) => number;
  /** Log of the mixture supermartingale at sum s and intrinsic time v. */
  readonly logMixture: (s: number, v: number) => number;
}

/**
 * Normal-mixture boundary for sub-Gaussian sums (Howard, Ramdas, McAuliffe, Sekhon 2021, Proposition 5 and
 * section 3.2): two-sided in closed form, one-sided with a half-normal mixture by root-finding.
 * Undefined: `invalid_input` (optimalTime not positive, optimalAlpha outside (0, 1), one-sided (0, 1/2)).
 */
export function normalMixture(tuning: MixtureTuning): Outcome<MixtureBoundary> {
  const { optimalTime, optimalAlpha, oneSided } = tuning;
  const level = oneSided ? 2 * optimalAlpha : optimalAlpha;
  if (!isProbability(level) || !(optimalTime > 0) || !Number.isFinite(optimalTime))
    return undefinedBecause('invalid_input');
  const surprise = -2 * Math.log(level);
  const rho = optimalTime / (surprise + Math.log1p(surprise));
  // log1p keeps the ratio exact where v is small against rho.
  const logShrink = (v: number): number => -0.5 * Math.log1p(v / rho);
  if (!oneSided) {
    return {
      status: 'ok',
      rho,
      bound: (v, alpha) => Math.sqrt(2 * (v + rho) * (-logShrink(v) - Math.log(alpha))),
      logMixture: (s, v) => logShrink(v) + (s * s) / (2 * (v + rho)),
    };
  }
  const logMixture = (s: number, v: number): number =>
    Math.LN2 + logShrink(v) + halfNormal(s / Math.sqrt(v + rho));
  return {
    status: 'ok',
    rho,
    logMixture,
    bound: (v, alpha) => {
      const wanted = -Math.log(alpha) - Math.LN2 - logShrink(v);
      // u^2/2 - log 2 <= halfNormal(u) for u >= 0: the root is not above this.
      const highest = Math.sqrt(2 * (wanted + Math.LN2)) + 1e-9;
      return Math.sqrt(v + rho) * bracketedRoot((u) => halfNormal(u) - wanted, 0, highest);
    },
  };
}

/** u^2/2 + log Phi(u). */
function halfNormal(u: number): number {
  return 0.5 * u * u + normalLogSf(-u);
}
