import { z } from 'zod';
import { multiCuped } from '../adjustments/cuped-multi.js';
import type { CovariateSums } from '../adjustments/cuped-multi.js';
import {
  postStratify,
  postStratifyCuped,
  postStratifyFixed,
  postStratifyRatio,
} from '../adjustments/post-stratification.js';
import type { StratifiedEffect, Stratum } from '../adjustments/post-stratification.js';
import { ancova, linAdjustment } from '../adjustments/regression.js';
import type { RegressionData, RegressionEffect } from '../adjustments/regression.js';
import type { Computed } from '../computed.js';
import { fromSums, fromValues } from '../moments.js';
import { cupedArm, cupedMoments, ratioArm, ratioMoments } from './inputs.js';
import type { ReferenceMethod, ReferenceResult } from './methods.js';
import { NORMAL, tLaw, wald } from './wald.js';

const alpha = z.number().default(0.05);
const scale = z.enum(['absolute', 'relative']).default('absolute');

const regression = z.object({
  y: z.array(z.number()),
  treatment: z.array(z.number()),
  covariates: z.array(z.array(z.number())),
  alpha,
});

function regressionWith(adjust: (data: RegressionData) => Computed<RegressionEffect>): ReferenceMethod {
  return (input) => {
    const parsed = regression.parse(input);
    const covariates = (parsed.covariates[0] ?? []).map((_, j) =>
      parsed.covariates.map((row) => row[j] ?? NaN),
    );
    const result = adjust({ y: parsed.y, treatment: parsed.treatment, covariates });
    if (!result.ok) return { status: 'undefined', reason: result.reason };
    const { estimate, df, standardErrors: se } = result.value;
    const tested = wald(estimate, se.hc2, tLaw(df), { alpha: parsed.alpha, alternative: 'two-sided' });
    return {
      status: 'ok',
      estimate,
      df,
      se_classical: se.classical,
      se_hc0: se.hc0,
      se_hc1: se.hc1,
      se_hc2: se.hc2,
      se_hc3: se.hc3,
      p_value_hc2: tested.p_value,
      ci_lower_hc2: tested.ci_lower,
      ci_upper_hc2: tested.ci_upper,
    };
  };
}

const covariateArm = z
  .object({
    n: z.number(),
    sum: z.number(),
    sum_squares: z.number(),
    x_sum: z.array(z.number()),
    xx: z.array(z.array(z.number())),
    xy: z.array(z.number()),
  })
  .transform((arm): CovariateSums => ({
    n: arm.n,
    sum: arm.sum,
    sumSquares: arm.sum_squares,
    covariateSums: arm.x_sum,
    covariateProducts: arm.xx,
    crossProducts: arm.xy,
  }));

function cupedMulti(input: unknown): ReferenceResult {
  const parsed = z.object({ control: covariateArm, treatment: covariateArm, alpha }).parse(input);
  const result = multiCuped(parsed.control, parsed.treatment);
  if (!result.ok) return { status: 'undefined', reason: result.reason };
  const { estimate, standardError, beta, varianceReduction } = result.value;
  return {
    status: 'ok',
    ...wald(estimate, standardError, NORMAL, { alpha: parsed.alpha, alternative: 'two-sided' }),
    beta: [...beta],
    variance_reduction: varianceReduction,
  };
}

function stratifiedResult(result: Computed<StratifiedEffect>, level: number): ReferenceResult {
  if (!result.ok) return { status: 'undefined', reason: result.reason };
  const { estimate, standardError } = result.value;
  return {
    status: 'ok',
    ...wald(estimate, standardError, NORMAL, { alpha: level, alternative: 'two-sided' }),
  };
}

const sumArm = z.object({ n: z.number(), sum: z.number(), sum_squares: z.number() });

const strataOf = <T extends z.ZodType>(arm: T) =>
  z.object({ strata: z.array(z.object({ control: arm, treatment: arm })), alpha, scale });

function postStratFixed(input: unknown): ReferenceResult {
  const parsed = z
    .object({
      y: z.array(z.number()),
      treatment: z.array(z.number()),
      stratum: z.array(z.union([z.string(), z.number()])),
      alpha,
    })
    .parse(input);
  const values = new Map<string | number, [control: number[], treatment: number[]]>();
  parsed.y.forEach((value, i) => {
    const key = parsed.stratum[i] ?? '';
    const arms = values.get(key) ?? [[], []];
    values.set(key, arms);
    (parsed.treatment[i] === 1 ? arms[1] : arms[0]).push(value);
  });
  const strata = [...values.values()].map(([control, treatment]): Stratum => ({
    control: fromValues(control),
    treatment: fromValues(treatment),
  }));
  return stratifiedResult(postStratifyFixed(strata), parsed.alpha);
}

export const adjustmentMethods: Record<string, ReferenceMethod> = {
  ancova_ols: regressionWith(ancova),
  lin_interacted: regressionWith(linAdjustment),
  cuped_multi_summary: cupedMulti,
  post_strat(input) {
    const parsed = strataOf(sumArm).parse(input);
    const moments = (arm: z.output<typeof sumArm>) =>
      fromSums({ n: arm.n, sum: arm.sum, sumSquares: arm.sum_squares });
    const strata = parsed.strata.map((stratum) => ({
      control: moments(stratum.control),
      treatment: moments(stratum.treatment),
    }));
    return stratifiedResult(postStratify(strata, parsed.scale), parsed.alpha);
  },
  post_strat_cuped(input) {
    const parsed = strataOf(cupedArm).parse(input);
    const strata = parsed.strata.map((stratum) => ({
      control: cupedMoments(stratum.control),
      treatment: cupedMoments(stratum.treatment),
    }));
    return stratifiedResult(postStratifyCuped(strata, parsed.scale), parsed.alpha);
  },
  post_strat_ratio(input) {
    const parsed = strataOf(ratioArm).parse(input);
    const strata = parsed.strata.map((stratum) => ({
      control: ratioMoments(stratum.control),
      treatment: ratioMoments(stratum.treatment),
    }));
    return stratifiedResult(postStratifyRatio(strata, parsed.scale), parsed.alpha);
  },
  post_strat_fixed: postStratFixed,
};
