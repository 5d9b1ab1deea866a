import { z } from 'zod';
import { contrast } from '../contrast.js';
import { varianceOf } from '../moments.js';
import { clusterMeanTest, clusterMoments, logLift, pooledTTest, winsorize } from '../means/index.js';
import { meanArm, meanMoments, twoArms } from './inputs.js';
import type { ReferenceMethod } from './methods.js';
import { inKeys } from './outcome.js';
import { tLaw, wald, waldKeys } from './wald.js';

const values = z.array(z.number());
const eventArm = z.object({ user: z.array(z.union([z.string(), z.number()])), value: values });

/** Options of the library from those of the files. */
const testOptions = ({
  alpha,
  alternative,
  null_value: nullValue,
}: z.output<ReturnType<typeof twoArms>>) => ({
  alpha,
  alternative,
  nullValue,
});

export const liftMethods: Record<string, ReferenceMethod> = {
  student_t(input) {
    const parsed = twoArms(meanArm).parse(input);
    const test = pooledTTest(meanMoments(parsed.control), meanMoments(parsed.treatment), testOptions(parsed));
    return inKeys(test, (result) => ({ ...waldKeys(result), df: result.df }));
  },
  lift_log(input) {
    const { control, treatment, ...options } = twoArms(meanArm).parse(input);
    return inKeys(logLift(meanMoments(control), meanMoments(treatment), options), (lift) => ({
      estimate: lift.estimate,
      se_log: lift.logStandardError,
      df_log: lift.logDf,
      p_value: lift.pValue,
      ci_lower: lift.lower,
      ci_upper: lift.upper,
    }));
  },
  cluster_mean(input) {
    const parsed = twoArms(eventArm).parse(input);
    const moments = (arm: z.output<typeof eventArm>) => clusterMoments(arm.user, arm.value);
    const test = clusterMeanTest(moments(parsed.control), moments(parsed.treatment), testOptions(parsed));
    return inKeys(test, (result) => ({
      ...waldKeys(result),
      df: result.df,
      control_mean: result.control.mean,
      control_se: result.control.standardError,
      treatment_mean: result.treatment.mean,
      treatment_se: result.treatment.standardError,
    }));
  },
  winsorize(input) {
    const parsed = twoArms(values)
      .extend({
        lower_percentile: z.number().nullable().default(0),
        upper_percentile: z.number().nullable().default(1),
        ignore_zeros: z.boolean().default(false),
      })
      .parse(input);
    const capped = winsorize(parsed.control, parsed.treatment, {
      lowerPercentile: parsed.lower_percentile ?? 0,
      upperPercentile: parsed.upper_percentile ?? 1,
      ignoreZeros: parsed.ignore_zeros,
    });
    if (capped.status === 'undefined') return { ...capped };
    const { control, treatment, caps } = capped;
    const result = contrast(control, treatment, { kind: 'mean', adjust: false });
    if (!result.ok) return { status: 'undefined', reason: result.reason };
    const { estimate, standardError, df } = result.contrast;
    return {
      status: 'ok',
      lower_cap: caps.lower,
      upper_cap: caps.upper,
      control_mean: control.mean[0],
      control_variance: varianceOf(control),
      treatment_mean: treatment.mean[0],
      treatment_variance: varianceOf(treatment),
      ...wald(estimate, standardError, tLaw(df), parsed),
      df,
    };
  },
};
