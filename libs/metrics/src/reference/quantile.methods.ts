import { z } from 'zod';
import { exactQuantileInterval, quantileSummaryTest, quantileTest } from '../quantiles/index.js';
import type { ArmQuantile, QuantileSummary, QuantileSummaryTest } from '../quantiles/index.js';
import { mannWhitneyTest } from '../ranks/index.js';
import { alternative, twoArms } from './inputs.js';
import type { ReferenceMethod, ReferenceResult } from './methods.js';
import { inKeys } from './outcome.js';
import { waldKeys } from './wald.js';

const values = z.array(z.number());
const level = { nu: z.number(), scale: z.enum(['absolute', 'relative']).default('absolute') };

const summaryArm = z.object({
  n: z.number(),
  n_star: z.number(),
  quantile: z.number(),
  quantile_lower: z.number(),
  quantile_upper: z.number(),
});
const clusterArm = summaryArm.extend({
  n_clusters: z.number(),
  main_sum: z.number(),
  main_sum_squares: z.number(),
  denominator_sum: z.number(),
  denominator_sum_squares: z.number(),
  main_denominator_sum_product: z.number(),
});

function summary(arm: z.output<typeof summaryArm>): QuantileSummary {
  return {
    n: arm.n,
    nStar: arm.n_star,
    quantile: arm.quantile,
    lower: arm.quantile_lower,
    upper: arm.quantile_upper,
  };
}

function clustered(arm: z.output<typeof clusterArm>): QuantileSummary {
  return {
    ...summary(arm),
    clusters: {
      n: arm.n_clusters,
      sum: arm.main_sum,
      sumSquares: arm.main_sum_squares,
      denominatorSum: arm.denominator_sum,
      denominatorSumSquares: arm.denominator_sum_squares,
      crossSum: arm.main_denominator_sum_product,
    },
  };
}

const summaryKeys = (test: QuantileSummaryTest): ReferenceResult => ({
  ...waldKeys(test),
  df: test.df,
  control_variance: test.controlVariance,
  treatment_variance: test.treatmentVariance,
});

const armKeys = (name: string, arm: ArmQuantile): ReferenceResult => ({
  [`${name}_quantile`]: arm.quantile,
  [`${name}_lower`]: arm.lower,
  [`${name}_upper`]: arm.upper,
  [`${name}_se`]: arm.standardError,
});

export const quantileMethods: Record<string, ReferenceMethod> = {
  quantile_iid(input) {
    const { control, treatment, nu, ...options } = twoArms(values).extend(level).parse(input);
    return inKeys(quantileTest(control, treatment, nu, options), (test) => ({
      ...waldKeys(test),
      ...armKeys('control', test.control),
      ...armKeys('treatment', test.treatment),
    }));
  },
  quantile_summary(input) {
    const { control, treatment, nu, ...options } = twoArms(summaryArm).extend(level).parse(input);
    return inKeys(quantileSummaryTest(summary(control), summary(treatment), nu, options), summaryKeys);
  },
  quantile_cluster_summary(input) {
    const { control, treatment, nu, ...options } = twoArms(clusterArm).extend(level).parse(input);
    return inKeys(quantileSummaryTest(clustered(control), clustered(treatment), nu, options), summaryKeys);
  },
  quantile_exact_ci(input) {
    const sample = z.object({ values, nu: z.number(), alpha: z.number().default(0.05) }).parse(input);
    return inKeys(exactQuantileInterval(sample.values, sample.nu, sample.alpha), ({ lower, upper }) => ({
      ci_lower: lower,
      ci_upper: upper,
    }));
  },
  mann_whitney(input) {
    const sample = z.object({ control: values, treatment: values, alternative }).parse(input);
    return inKeys(mannWhitneyTest(sample.control, sample.treatment, sample.alternative), (test) => ({
      u_treatment: test.u,
      p_value: test.pValue,
      prob_superiority: test.probabilityOfSuperiority,
    }));
  },
};
