import { assembleContrast } from '../contrast.js';
import type { ContrastResult, Linear } from '../contrast.js';

/**
 * Raw sums over the units of one arm of a ratio metric whose covariate is the same ratio before the
 * experiment: numerator m and denominator d, each after (post) and before (pre).
 */
export interface RatioPairSums {
  readonly n: number;
  readonly sum: {
    readonly mPost: number;
    readonly dPost: number;
    readonly mPre: number;
    readonly dPre: number;
  };
  readonly square: {
    readonly mPost: number;
    readonly dPost: number;
    readonly mPre: number;
    readonly dPre: number;
  };
  readonly cross: {
    readonly mPostDPost: number;
    readonly mPreDPre: number;
    readonly mPostMPre: number;
    readonly dPostDPre: number;
    readonly mPostDPre: number;
    readonly mPreDPost: number;
  };
}

/** The arm's ratio as a linearised mean with the linearised pre-period ratio as its covariate. */
function linearise({
  n,
  sum,
  square,
  cross,
}: RatioPairSums): Linear | 'insufficient_units' | 'denominator_zero' {
  if (n < 2) return 'insufficient_units';
  if (sum.dPost === 0 || sum.dPre === 0) return 'denominator_zero';
  const centred = (product: number, a: number, b: number): number => product - (a * b) / n;
  const r = sum.mPost / sum.dPost;
  const q = sum.mPre / sum.dPre;
  const post = sum.dPost / n;
  const pre = sum.dPre / n;
  const square2 = (mm: number, dd: number, md: number, ratio: number): number =>
    mm - 2 * ratio * md + ratio * ratio * dd;
  const uu = square2(
    centred(square.mPost, sum.mPost, sum.mPost),
    centred(square.dPost, sum.dPost, sum.dPost),
    centred(cross.mPostDPost, sum.mPost, sum.dPost),
    r,
  );
  const xx = square2(
    centred(square.mPre, sum.mPre, sum.mPre),
    centred(square.dPre, sum.dPre, sum.dPre),
    centred(cross.mPreDPre, sum.mPre, sum.dPre),
    q,
  );
  const ux =
    centred(cross.mPostMPre, sum.mPost, sum.mPre) -
    q * centred(cross.mPostDPre, sum.mPost, sum.dPre) -
    r * centred(cross.mPreDPost, sum.mPre, sum.dPost) +
    r * q * centred(cross.dPostDPre, sum.dPost, sum.dPre);
  return {
    n,
    value: r,
    covariateMean: q,
    uu: Math.max(0, uu) / post / post,
    ux: ux / post / pre,
    xx: Math.max(0, xx) / pre / pre,
  };
}

/**
 * CUPED for a ratio with its own pre-period ratio as covariate: post ratio - theta * pre ratio, theta from the
 * linearised ratios summed over the arms (Deng, Xu, Kohavi, Walker 2013, appendix B). Never throws.
 */
export function ratioPairContrast(control: RatioPairSums, treatment: RatioPairSums): ContrastResult {
  const a = linearise(control);
  const b = linearise(treatment);
  if (typeof a === 'string') return { ok: false, reason: a };
  if (typeof b === 'string') return { ok: false, reason: b };
  const covariance = a.ux / (a.n - 1) + b.ux / (b.n - 1);
  const variance = a.xx / (a.n - 1) + b.xx / (b.n - 1);
  return assembleContrast(a, b, variance > 0 ? covariance / variance : 0, 1);
}
