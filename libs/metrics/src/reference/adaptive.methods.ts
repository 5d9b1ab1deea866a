import { z } from 'zod';
import { adaptiveEstimates } from '../adaptive/aipw.js';
import type { ArmEstimates } from '../adaptive/aipw.js';
import { periodWeightedMeans } from '../adaptive/period-weighted.js';
import { thompsonAllocation } from '../adaptive/thompson.js';
import { fromSums } from '../moments.js';
import { heterogeneity } from '../segments/heterogeneity.js';
import { surrogateIndex } from '../surrogate/surrogate-index.js';
import { effectTrend } from '../trend/wls-trend.js';
import type { ReferenceMethod, ReferenceResult } from './methods.js';
import { NORMAL, wald } from './wald.js';

const alpha = z.number().default(0.05);
const numbers = z.array(z.number());

const UNDEFINED = (reason: string): ReferenceResult => ({ status: 'undefined', reason });

const named = ({ estimates, standardErrors }: ArmEstimates) => ({ estimates, se: standardErrors });

/** Rows of a table as columns. */
function columnsOf(rows: readonly (readonly number[])[]): number[][] {
  return (rows[0] ?? []).map((_, j) => rows.map((row) => row[j] ?? NaN));
}

const effects = z.object({ effect: numbers, se: numbers, alpha });

export const adaptiveMethods: Record<string, ReferenceMethod> = {
  thompson_normal(input) {
    const parsed = z
      .object({ means: numbers, variances: numbers, maximize: z.boolean(), floor: z.number() })
      .parse(input);
    const arms = parsed.means.map((mean, i) => ({ mean, variance: parsed.variances[i] ?? NaN }));
    const result = thompsonAllocation(arms, parsed);
    if (!result.ok) return UNDEFINED(result.reason);
    return { status: 'ok', prob_best: result.value.probabilityBest, weights: result.value.weights };
  },
  adaptive_aipw(input) {
    const parsed = z.object({ rewards: numbers, arms: numbers, probs: z.array(numbers) }).parse(input);
    const result = adaptiveEstimates({
      rewards: parsed.rewards,
      arms: parsed.arms,
      probabilities: parsed.probs,
    });
    if (!result.ok) return UNDEFINED(result.reason);
    return {
      status: 'ok',
      ipw_uniform: named(result.value.ipwUniform),
      aipw_uniform: named(result.value.aipwUniform),
      aipw_constant_allocation: named(result.value.aipwConstantAllocation),
      contrast_vs_arm0: named(result.value.contrasts),
      'aipw_two_point_alpha0.7': named(result.value.aipwTwoPoint),
      naive_means: result.value.naiveMeans,
    };
  },
  bandit_period_weighted(input) {
    const cell = z.object({ n: z.number(), sum: z.number(), sum_squares: z.number() });
    const { periods } = z.object({ periods: z.array(z.array(cell)) }).parse(input);
    const result = periodWeightedMeans(
      periods.map((arms) =>
        arms.map((arm) => fromSums({ n: arm.n, sum: arm.sum, sumSquares: arm.sum_squares })),
      ),
    );
    if (!result.ok) return UNDEFINED(result.reason);
    const { periodWeights, means, standardErrors } = result.value;
    return { status: 'ok', period_weights: periodWeights, means, se: standardErrors };
  },
  surrogate_index(input) {
    const parsed = z
      .object({
        obs_surrogates: z.array(numbers),
        obs_outcome: numbers,
        exp_surrogates: z.array(numbers),
        exp_treatment: numbers,
        alpha,
      })
      .parse(input);
    const result = surrogateIndex(
      { surrogates: columnsOf(parsed.obs_surrogates), outcome: parsed.obs_outcome },
      { surrogates: columnsOf(parsed.exp_surrogates), treatment: parsed.exp_treatment },
    );
    if (!result.ok) return UNDEFINED(result.reason);
    const { estimate, standardError, coefficients, standardErrorExperimentOnly } = result.value;
    return {
      status: 'ok',
      coefficients: [...coefficients],
      se_experiment_only: standardErrorExperimentOnly,
      ...wald(estimate, standardError, NORMAL, { alpha: parsed.alpha, alternative: 'two-sided' }),
    };
  },
  wls_trend(input) {
    const parsed = effects.extend({ day: numbers }).parse(input);
    const result = effectTrend(
      parsed.day.map((day, i) => ({
        day,
        effect: parsed.effect[i] ?? NaN,
        standardError: parsed.se[i] ?? NaN,
      })),
    );
    if (!result.ok) return UNDEFINED(result.reason);
    const { slope, slopeStandardError, intercept } = result.value;
    const tested = wald(slope, slopeStandardError, NORMAL, {
      alpha: parsed.alpha,
      alternative: 'two-sided',
    });
    return {
      status: 'ok',
      slope,
      slope_se: slopeStandardError,
      z: tested.statistic,
      p_value: tested.p_value,
      ci_lower: tested.ci_lower,
      ci_upper: tested.ci_upper,
      intercept,
    };
  },
  heterogeneity(input) {
    const parsed = effects.parse(input);
    const result = heterogeneity(
      parsed.effect.map((effect, i) => ({ effect, standardError: parsed.se[i] ?? NaN })),
    );
    if (!result.ok) return UNDEFINED(result.reason);
    const { pooled, pooledStandardError, q, df, pValue, i2, tau2 } = result.value;
    return {
      status: 'ok',
      pooled,
      pooled_se: pooledStandardError,
      q,
      df,
      p_value: pValue,
      i2,
      tau2_dl: tau2,
      random_effects_mean: result.value.randomEffectsMean,
      random_effects_se: result.value.randomEffectsStandardError,
    };
  },
};
