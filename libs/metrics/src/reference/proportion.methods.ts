import { z } from 'zod';
import {
  agrestiCaffoInterval,
  clopperPearsonInterval,
  fisherExactTest,
  newcombeInterval,
  pooledProportionTest,
  riskRatio,
  scoreInterval,
  unpooledProportionTest,
  wilsonInterval,
} from '../proportions/index.js';
import { poissonExactTest } from '../rates/index.js';
import { countArm, twoArms } from './inputs.js';
import type { ReferenceMethod, ReferenceResult } from './methods.js';
import { inKeys } from './outcome.js';
import { waldKeys } from './wald.js';

interface Bounds {
  readonly estimate: number;
  readonly lower: number;
  readonly upper: number;
}

const bounds = ({ estimate, lower, upper }: Bounds): ReferenceResult => ({
  estimate,
  ci_lower: lower,
  ci_upper: upper,
});

const pair = twoArms(countArm);
const single = countArm.extend({ alpha: z.number().default(0.05) });
const rates = twoArms(z.object({ events: z.number(), exposure: z.number() }));

export const proportionMethods: Record<string, ReferenceMethod> = {
  prop_z_pooled(input) {
    const { control, treatment, alternative } = pair.parse(input);
    return inKeys(pooledProportionTest(control, treatment, { alternative }), (test) => ({
      estimate: test.estimate,
      statistic: test.statistic,
      p_value: test.pValue,
    }));
  },
  prop_z_unpooled(input) {
    const { control, treatment, null_value: nullValue, ...options } = pair.parse(input);
    return inKeys(unpooledProportionTest(control, treatment, { ...options, nullValue }), (test) => ({
      ...waldKeys(test),
    }));
  },
  prop_newcombe(input) {
    const { control, treatment, ...options } = pair.parse(input);
    return inKeys(newcombeInterval(control, treatment, options), bounds);
  },
  prop_score_mn(input) {
    const { control, treatment, ...options } = pair.parse(input);
    return inKeys(scoreInterval(control, treatment, options), bounds);
  },
  prop_agresti_caffo(input) {
    const { control, treatment, ...options } = pair.parse(input);
    return inKeys(agrestiCaffoInterval(control, treatment, options), bounds);
  },
  prop_rr_log(input) {
    const { control, treatment, ...options } = pair.parse(input);
    return inKeys(riskRatio(control, treatment, options), (risk) => ({
      risk_ratio: risk.ratio,
      lift: risk.lift,
      se_log: risk.logStandardError,
      ci_lower: risk.lower,
      ci_upper: risk.upper,
      p_value: risk.pValue,
    }));
  },
  prop_fisher(input) {
    const { control, treatment, alternative } = pair.parse(input);
    return inKeys(fisherExactTest(control, treatment, alternative), ({ pValue }) => ({ p_value: pValue }));
  },
  prop_wilson(input) {
    const { alpha, ...arm } = single.parse(input);
    return inKeys(wilsonInterval(arm, alpha), bounds);
  },
  prop_clopper_pearson(input) {
    const { alpha, ...arm } = single.parse(input);
    return inKeys(clopperPearsonInterval(arm, alpha), bounds);
  },
  poisson_exact(input) {
    const { control, treatment, ...options } = rates.parse(input);
    return inKeys(poissonExactTest(control, treatment, options), (result) => ({
      rate_ratio: result.ratio,
      p_value: result.pValue,
      ci_lower: result.lower,
      ci_upper: result.upper,
    }));
  },
};
