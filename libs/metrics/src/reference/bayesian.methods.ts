import { z } from 'zod';
import { bestShare, compareShares } from '../bayesian/beta-binomial.js';
import { compareRates } from '../bayesian/gamma-poisson.js';
import { contrastPosterior, normalPosterior } from '../bayesian/normal-effect.js';
import { contrast } from '../contrast.js';
import { countArm, meanArm, meanMoments } from './inputs.js';
import type { ReferenceMethod } from './methods.js';

const alpha = z.number().default(0.05);

/** An improper prior is none at all. */
const normalPrior = z
  .object({ proper: z.boolean(), mean: z.number(), variance: z.number() })
  .transform(({ proper, mean, variance }) => (proper ? { mean, variance } : null));

const betaPrior = z.object({ a: z.number(), b: z.number() });

const UNDEFINED = (reason: string) => ({ status: 'undefined', reason });

export const bayesianMethods: Record<string, ReferenceMethod> = {
  bayes_normal(input) {
    const parsed = z
      .object({
        control: meanArm,
        treatment: meanArm,
        scale: z.enum(['absolute', 'relative']),
        prior: normalPrior,
        inverse: z.boolean().default(false),
        alpha,
      })
      .parse(input);
    const difference = contrast(meanMoments(parsed.control), meanMoments(parsed.treatment), {
      kind: 'mean',
      adjust: false,
    });
    if (!difference.ok) return UNDEFINED(difference.reason);
    const result = contrastPosterior(difference.contrast, parsed.scale, parsed.prior, parsed.alpha);
    if (!result.ok) return UNDEFINED(result.reason);
    const posterior = result.value;
    const [chance, ofControl, ofTreatment] = parsed.inverse
      ? [posterior.probabilityNegative, posterior.expectedLoss, posterior.expectedGain]
      : [posterior.probabilityPositive, posterior.expectedGain, posterior.expectedLoss];
    return {
      status: 'ok',
      posterior_mean: posterior.mean,
      posterior_sd: posterior.sd,
      chance_to_win: chance,
      ci_lower: posterior.lower,
      ci_upper: posterior.upper,
      risk_choose_control: ofControl,
      risk_choose_treatment: ofTreatment,
    };
  },
  bayes_normal_effect(input) {
    const parsed = z
      .object({
        estimate: z.number(),
        se: z.number(),
        prior: normalPrior,
        alpha,
        rope: z.number().default(0),
      })
      .parse(input);
    const result = normalPosterior(parsed.estimate, parsed.se, parsed.prior, parsed);
    if (!result.ok) return UNDEFINED(result.reason);
    const posterior = result.value;
    return {
      status: 'ok',
      posterior_mean: posterior.mean,
      posterior_sd: posterior.sd,
      chance_to_win: posterior.probabilityPositive,
      prob_above_rope: posterior.rope.above,
      prob_in_rope: posterior.rope.within,
      prob_below_rope: posterior.rope.below,
      ci_lower: posterior.lower,
      ci_upper: posterior.upper,
      expected_gain: posterior.expectedGain,
      expected_loss: posterior.expectedLoss,
    };
  },
  beta_binomial(input) {
    const parsed = z.object({ prior: betaPrior, arms: z.tuple([countArm, countArm]), alpha }).parse(input);
    const result = compareShares(parsed.prior, ...parsed.arms, parsed.alpha);
    if (!result.ok) return UNDEFINED(result.reason);
    const { control, treatment, ...rest } = result.value;
    return {
      status: 'ok',
      chance_to_win: rest.chanceToWin,
      expected_loss_choose_control: rest.lossOfControl,
      expected_loss_choose_treatment: rest.lossOfTreatment,
      control_mean: control.mean,
      treatment_mean: treatment.mean,
      control_ci: [control.lower, control.upper],
      treatment_ci: [treatment.lower, treatment.upper],
      posterior_mean_diff: rest.meanDifference,
      posterior_sd_diff: rest.sdDifference,
    };
  },
  beta_binomial_best(input) {
    const parsed = z.object({ prior: betaPrior, arms: z.array(countArm) }).parse(input);
    const result = bestShare(parsed.prior, parsed.arms);
    return result.ok ? { status: 'ok', prob_best: result.value } : UNDEFINED(result.reason);
  },
  gamma_poisson(input) {
    const arm = z.object({ events: z.number(), exposure: z.number() });
    const parsed = z
      .object({
        prior: z.object({ shape: z.number(), rate: z.number() }),
        arms: z.tuple([arm, arm]),
        alpha,
      })
      .parse(input);
    const result = compareRates(parsed.prior, ...parsed.arms, parsed.alpha);
    if (!result.ok) return UNDEFINED(result.reason);
    const { chanceToWin, control, treatment } = result.value;
    return {
      status: 'ok',
      chance_to_win: chanceToWin,
      control_rate: control.mean,
      treatment_rate: treatment.mean,
      control_ci: [control.lower, control.upper],
      treatment_ci: [treatment.lower, treatment.upper],
    };
  },
};
