import { z } from 'zod';
import { ratioPairContrast } from '../adjustments/cuped-ratio.js';
import type { RatioPairSums } from '../adjustments/cuped-ratio.js';
import { contrast } from '../contrast.js';
import type { Contrast, ContrastResult } from '../contrast.js';
import type { Moments } from '../contract.js';
import { normalQuantile } from '../distributions/index.js';
import { deltaLift, fiellerLift } from '../fieller.js';
import {
  countArm,
  countMoments,
  cupedArm,
  cupedMoments,
  meanArm,
  meanMoments,
  ratioArm,
  ratioMoments,
  twoArms,
} from './inputs.js';
import type { ReferenceMethod, ReferenceResult } from './methods.js';
import { NORMAL, tLaw, wald } from './wald.js';

const UNDEFINED = (reason: string): ReferenceResult => ({ status: 'undefined', reason });

const difference = (a: Moments, b: Moments): ContrastResult =>
  contrast(a, b, { kind: 'mean', adjust: false });

/** Applies `use` to a contrast that exists. */
function withContrast(result: ContrastResult, use: (c: Contrast) => ReferenceResult): ReferenceResult {
  return result.ok ? use(result.contrast) : UNDEFINED(result.reason);
}

type Options = Parameters<typeof wald>[3];

/** Absolute or delta-method relative effect with Student's t at the Welch degrees of freedom of the contrast. */
function scaled(c: Contrast, scale: 'absolute' | 'relative', options: Options): ReferenceResult {
  if (scale === 'absolute')
    return { status: 'ok', ...wald(c.estimate, c.standardError, tLaw(c.df), options), df: c.df };
  const lift = deltaLift(c);
  if (!lift) return UNDEFINED('zero_baseline');
  return { status: 'ok', ...wald(lift.estimate, lift.standardError, tLaw(c.df), options), df: c.df };
}

const scale = z.enum(['absolute', 'relative']).default('absolute');

function liftFieller(input: unknown): ReferenceResult {
  const { control, treatment, alpha } = twoArms(meanArm).parse(input);
  return withContrast(difference(meanMoments(control), meanMoments(treatment)), (c) => {
    const lift = fiellerLift(c, normalQuantile(1 - alpha / 2));
    if (lift.status === 'undefined') return UNDEFINED(lift.reason);
    if (lift.status === 'unbounded') return { status: 'unbounded', estimate: lift.estimate, g: lift.g };
    return { status: 'ok', estimate: lift.estimate, g: lift.g, ci_lower: lift.lower, ci_upper: lift.upper };
  });
}

function ratioDelta(input: unknown): ReferenceResult {
  const parsed = twoArms(ratioArm).extend({ scale }).parse(input);
  const a = ratioMoments(parsed.control);
  const b = ratioMoments(parsed.treatment);
  return withContrast(contrast(a, b, { kind: 'ratio', adjust: false }), (c) => ({
    ...scaled(c, parsed.scale, parsed),
    control_ratio: c.control.mean,
    treatment_ratio: c.treatment.mean,
  }));
}

function cupedMean(input: unknown): ReferenceResult {
  const parsed = twoArms(cupedArm).extend({ scale }).parse(input);
  const a = cupedMoments(parsed.control);
  const b = cupedMoments(parsed.treatment);
  return withContrast(contrast(a, b, { kind: 'mean', adjust: true }), (c) => {
    const plain = difference(a, b);
    const dx = b.mean[2] - a.mean[2];
    const dy = b.mean[0] - a.mean[0];
    const between = (a.n * b.n) / (a.n + b.n);
    const xx = a.comoment[2] + b.comoment[2] + dx * dx * between;
    const yy = a.comoment[0] + b.comoment[0] + dy * dy * between;
    return {
      ...scaled(c, parsed.scale, parsed),
      theta: c.theta,
      correlation: yy > 0 ? c.theta * Math.sqrt(xx / yy) : 0,
      variance_reduction: plain.ok ? 1 - (c.standardError / plain.contrast.standardError) ** 2 : 0,
    };
  });
}

function pairSums(arm: Record<string, number>): RatioPairSums {
  const at = (key: string): number => arm[key] ?? NaN;
  return {
    n: at('n'),
    sum: { mPost: at('m_post_sum'), dPost: at('d_post_sum'), mPre: at('m_pre_sum'), dPre: at('d_pre_sum') },
    square: {
      mPost: at('m_post_sum_squares'),
      dPost: at('d_post_sum_squares'),
      mPre: at('m_pre_sum_squares'),
      dPre: at('d_pre_sum_squares'),
    },
    cross: {
      mPostDPost: at('m_post_d_post'),
      mPreDPre: at('m_pre_d_pre'),
      mPostMPre: at('m_post_m_pre'),
      dPostDPre: at('d_post_d_pre'),
      mPostDPre: at('m_post_d_pre'),
      mPreDPost: at('m_pre_d_post'),
    },
  };
}

function cupedRatio(input: unknown): ReferenceResult {
  const parsed = twoArms(z.record(z.string(), z.number())).extend({ scale }).parse(input);
  return withContrast(ratioPairContrast(pairSums(parsed.control), pairSums(parsed.treatment)), (c) => ({
    ...scaled(c, parsed.scale, parsed),
    theta: c.theta,
  }));
}

function propWelch(input: unknown): ReferenceResult {
  const parsed = twoArms(countArm).parse(input);
  return withContrast(difference(countMoments(parsed.control), countMoments(parsed.treatment)), (c) => ({
    status: 'ok',
    absolute: scaled(c, 'absolute', parsed),
    relative: scaled(c, 'relative', parsed),
  }));
}

export const meanMethods: Record<string, ReferenceMethod> = {
  welch_t(input) {
    const parsed = twoArms(meanArm).parse(input);
    return withContrast(difference(meanMoments(parsed.control), meanMoments(parsed.treatment)), (c) =>
      scaled(c, 'absolute', parsed),
    );
  },
  z_unpooled(input) {
    const parsed = twoArms(meanArm).parse(input);
    return withContrast(difference(meanMoments(parsed.control), meanMoments(parsed.treatment)), (c) => ({
      status: 'ok',
      ...wald(c.estimate, c.standardError, NORMAL, parsed),
    }));
  },
  lift_delta(input) {
    const parsed = twoArms(meanArm).parse(input);
    return withContrast(difference(meanMoments(parsed.control), meanMoments(parsed.treatment)), (c) =>
      scaled(c, 'relative', parsed),
    );
  },
  lift_fieller: liftFieller,
  prop_welch: propWelch,
  ratio_delta: ratioDelta,
  cuped_mean: cupedMean,
  cuped_ratio: cupedRatio,
};
