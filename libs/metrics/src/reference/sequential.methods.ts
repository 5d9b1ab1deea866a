import { z } from 'zod';
import { contrast } from '../contrast.js';
import {
  mixtureSize,
  oneSidedLogP,
  oneSidedRadius,
  oneSidedRho2,
  sequentialLogP,
  sequentialRadius,
} from '../estimators/asymptotic-cs.js';
import { deltaLift } from '../fieller.js';
import { alternative, countArm, countMoments, meanArm, meanMoments } from './inputs.js';
import type { ReferenceMethod } from './methods.js';
import { tLaw, wald } from './wald.js';

const look = z.object({
  estimate: z.number(),
  se: z.number(),
  n: z.number(),
  n_tune: z.number(),
  alpha: z.number(),
});

const armPair = z.object({ control: meanArm, treatment: meanArm });

export const sequentialMethods: Record<string, ReferenceMethod> = {
  asymptotic_cs(input) {
    const { estimate, se, n, n_tune, alpha } = look.parse(input);
    const g = mixtureSize(n_tune, alpha);
    const half = se * sequentialRadius(n, g, alpha);
    const logP = sequentialLogP(Math.abs(estimate / se), n, g);
    return {
      status: 'ok',
      rho: 1 / Math.sqrt(g),
      half_width: half,
      p_value: Math.exp(logP),
      log_p: logP,
      ci_lower: estimate - half,
      ci_upper: estimate + half,
    };
  },
  asymptotic_cs_one_sided(input) {
    const parsed = look.extend({ alternative }).parse(input);
    const { estimate, se, n, alpha } = parsed;
    const rho2 = oneSidedRho2(parsed.n_tune, alpha);
    const half = se * oneSidedRadius(n, rho2, alpha);
    const greater = parsed.alternative === 'greater';
    return {
      status: 'ok',
      rho: Math.sqrt(rho2),
      half_width: half,
      p_value: Math.exp(oneSidedLogP((greater ? estimate : -estimate) / se, n, rho2)),
      ci_lower: greater ? estimate - half : -Infinity,
      ci_upper: greater ? Infinity : estimate + half,
    };
  },
  sequential_lift(input) {
    const { kind, n_tune, alpha } = z
      .object({ kind: z.enum(['mean', 'proportion']), n_tune: z.number(), alpha: z.number() })
      .parse(input);
    const arms =
      kind === 'mean'
        ? armPair.parse(input)
        : z.object({ control: countArm, treatment: countArm }).parse(input);
    const moments = (arm: (typeof arms)['control']) =>
      'successes' in arm ? countMoments(arm) : meanMoments(arm);
    const a = moments(arms.control);
    const b = moments(arms.treatment);
    const result = contrast(a, b, { kind: 'mean', adjust: false });
    if (!result.ok) return { status: 'undefined', reason: result.reason };
    const lift = deltaLift(result.contrast);
    if (!lift) return { status: 'undefined', reason: 'zero_baseline' };
    const g = mixtureSize(n_tune, alpha);
    const n = a.n + b.n;
    const half = lift.standardError * sequentialRadius(n, g, alpha);
    return {
      status: 'ok',
      estimate: lift.estimate,
      se: lift.standardError,
      half_width: half,
      ci_lower: lift.estimate - half,
      ci_upper: lift.estimate + half,
      p_value: Math.exp(sequentialLogP(Math.abs(lift.estimate / lift.standardError), n, g)),
    };
  },
  noninferiority_mean(input) {
    const parsed = armPair
      .extend({ margin: z.number(), direction: z.enum(['increase', 'decrease']), alpha: z.number() })
      .parse(input);
    const result = contrast(meanMoments(parsed.control), meanMoments(parsed.treatment), {
      kind: 'mean',
      adjust: false,
    });
    if (!result.ok) return { status: 'undefined', reason: result.reason };
    const { estimate, standardError, df } = result.contrast;
    const up = parsed.direction === 'increase';
    const tested = wald(estimate, standardError, tLaw(df), {
      alpha: parsed.alpha,
      alternative: up ? 'greater' : 'less',
      null_value: up ? -parsed.margin : parsed.margin,
    });
    return { status: 'ok', ...tested, df, noninferior: tested.p_value < parsed.alpha };
  },
  noninferiority_relative(input) {
    const parsed = armPair
      .extend({ margin: z.number(), direction: z.enum(['increase', 'decrease']), alpha: z.number() })
      .parse(input);
    const up = parsed.direction === 'increase';
    const controlWeight = up ? 1 - parsed.margin : 1 + parsed.margin;
    const result = contrast(meanMoments(parsed.control), meanMoments(parsed.treatment), {
      kind: 'mean',
      adjust: false,
      controlWeight,
    });
    if (!result.ok) return { status: 'undefined', reason: result.reason };
    const { estimate, standardError, df } = result.contrast;
    const tested = wald(estimate, standardError, tLaw(df), {
      alpha: parsed.alpha,
      alternative: up ? 'greater' : 'less',
    });
    return {
      status: 'ok',
      contrast: estimate,
      se: standardError,
      df,
      statistic: tested.statistic,
      p_value: tested.p_value,
      noninferior: tested.p_value < parsed.alpha,
    };
  },
};
