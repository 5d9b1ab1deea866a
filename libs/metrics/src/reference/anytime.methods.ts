import { z } from 'zod';
import {
  anytimeT,
  mixtureSprt,
  normalMixture,
  sequentialPoissonRates,
  sequentialSampleRatio,
} from '../sequential/index.js';
import type { ReferenceMethod } from './methods.js';

const numbers = z.array(z.number());

export const anytimeMethods: Record<string, ReferenceMethod> = {
  msprt_normal(input) {
    const p = z
      .object({
        variance: z.number(),
        tau2: z.number(),
        looks: z.array(z.object({ n_per_arm: z.number(), diff: z.number() })),
        alpha: z.number(),
      })
      .parse(input);
    const looks = p.looks.map((look) => ({ unitsPerArm: look.n_per_arm, difference: look.diff }));
    const result = mixtureSprt(looks, p.variance, p.tau2, p.alpha);
    if (result.status !== 'ok') return { ...result };
    return {
      status: 'ok',
      log_lr: result.logLikelihoodRatios,
      p_values: result.pValues,
      reject_at: result.rejectAt,
    };
  },
  avlm_t(input) {
    const { se, n_coef, ...rest } = z
      .object({
        estimate: z.number(),
        se: z.number(),
        n: z.number(),
        n_coef: z.number(),
        g: z.number(),
        alpha: z.number(),
      })
      .parse(input);
    const result = anytimeT({ ...rest, standardError: se, coefficients: n_coef });
    if (result.status !== 'ok') return { ...result };
    return {
      status: 'ok',
      radius: result.radius,
      z_radius: result.normalRadius,
      ci_lower: result.lower,
      ci_upper: result.upper,
      log_e: result.logE,
      log_p: result.logP,
      p_value: result.pValue,
    };
  },
  normal_mixture_bound(input) {
    const p = z
      .object({
        v: numbers,
        alpha: z.number(),
        v_opt: z.number(),
        alpha_opt: z.number(),
        one_sided: z.boolean(),
      })
      .parse(input);
    const result = normalMixture({
      optimalTime: p.v_opt,
      optimalAlpha: p.alpha_opt,
      oneSided: p.one_sided,
    });
    if (result.status !== 'ok') return { ...result };
    return {
      status: 'ok',
      rho: result.rho,
      bound: p.v.map((v) => result.bound(v, p.alpha)),
      log_mixture_at_3_sigma: p.v.map((v) => result.logMixture(3 * Math.sqrt(v), v)),
    };
  },
  seq_multinomial_srm(input) {
    const p = z
      .object({ increments: z.array(numbers), expected: numbers, concentration: z.number() })
      .parse(input);
    const result = sequentialSampleRatio(p.increments, p.expected, p.concentration);
    if (result.status !== 'ok') return { ...result };
    return { status: 'ok', log_bayes_factor: result.logBayesFactors, p_values: result.pValues };
  },
  seq_poisson_rates(input) {
    const p = z
      .object({
        events: numbers,
        exposure_share: numbers,
        concentration: z.number(),
        alpha: z.number(),
      })
      .parse(input);
    const result = sequentialPoissonRates(p.events, p.exposure_share, p.concentration, p.alpha);
    if (result.status !== 'ok') return { ...result };
    return {
      status: 'ok',
      log_bayes_factor: result.logBayesFactor,
      log_p: result.logP,
      p_value: result.pValue,
      ...(result.shareInterval && {
        share_ci: result.shareInterval,
        rate_ratio: result.rateRatio,
        rate_ratio_ci: result.rateRatioInterval,
      }),
    };
  },
};
