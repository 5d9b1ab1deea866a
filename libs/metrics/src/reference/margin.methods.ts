import { z } from 'zod';
import {
  fixedMarginNonInferiority,
  meanEquivalence,
  proportionEquivalence,
  proportionNonInferiority,
} from '../margins/index.js';
import type { EquivalenceTest } from '../margins/index.js';
import { countArm, meanArm, meanMoments } from './inputs.js';
import type { ReferenceMethod, ReferenceResult } from './methods.js';
import { inKeys } from './outcome.js';
import { waldKeys } from './wald.js';

const alpha = z.number().default(0.05);
const pairOf = <T extends z.ZodType>(arm: T) => z.object({ control: arm, treatment: arm, alpha });
const margin = { margin: z.number(), direction: z.enum(['increase', 'decrease']).default('increase') };
const region = { lower: z.number(), upper: z.number() };

const equivalenceKeys = (test: EquivalenceTest): ReferenceResult => ({
  estimate: test.estimate,
  se: test.standardError,
  p_lower: test.pLower,
  p_upper: test.pUpper,
  p_value: test.pValue,
  equivalent: test.equivalent,
  ci_lower: test.intervalLower,
  ci_upper: test.intervalUpper,
});

export const marginMethods: Record<string, ReferenceMethod> = {
  noninferiority_relative_fixed(input) {
    const { control, treatment, ...options } = pairOf(meanArm).extend(margin).parse(input);
    const test = fixedMarginNonInferiority(meanMoments(control), meanMoments(treatment), options);
    return inKeys(test, (result) => ({
      ...waldKeys(result),
      noninferior: result.nonInferior,
      margin_absolute: result.absoluteMargin,
    }));
  },
  noninferiority_prop_score(input) {
    const { control, treatment, ...options } = pairOf(countArm).extend(margin).parse(input);
    return inKeys(proportionNonInferiority(control, treatment, options), (test) => ({
      estimate: test.estimate,
      se: test.standardError,
      statistic: test.statistic,
      p_value: test.pValue,
      noninferior: test.nonInferior,
    }));
  },
  tost_mean(input) {
    const { control, treatment, ...options } = pairOf(meanArm).extend(region).parse(input);
    const test = meanEquivalence(meanMoments(control), meanMoments(treatment), options);
    return inKeys(test, (result) => ({ ...equivalenceKeys(result), df: result.df }));
  },
  tost_prop(input) {
    const { control, treatment, ...options } = pairOf(countArm).extend(region).parse(input);
    return inKeys(proportionEquivalence(control, treatment, options), equivalenceKeys);
  },
};
