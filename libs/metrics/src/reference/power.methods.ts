import { z } from 'zod';
import { normalQuantile } from '../distributions/index.js';
import { asymptoticCs } from '../estimators/asymptotic-cs.js';
import { growthFactor, powerAt } from '../power/power.js';
import { meanArm } from './inputs.js';
import type { ReferenceMethod } from './methods.js';

export const powerMethods: Record<string, ReferenceMethod> = {
  power_z(input) {
    const p = z
      .object({
        delta: z.number(),
        variance_control: z.number(),
        variance_treatment: z.number(),
        n_control: z.number(),
        n_treatment: z.number(),
        alpha: z.number(),
      })
      .parse(input);
    const se = Math.sqrt(p.variance_control / p.n_control + p.variance_treatment / p.n_treatment);
    return { status: 'ok', power: powerAt(p.delta / se, normalQuantile(1 - p.alpha / 2)) };
  },
  mid_experiment_power(input) {
    const p = z
      .object({
        control: meanArm,
        treatment: meanArm,
        target_mde: z.number(),
        alpha: z.number(),
        power: z.number(),
        sequential: z.boolean(),
        n_tune: z.number(),
      })
      .parse(input);
    const ma = p.control.mean ?? 0;
    const va = (p.control.variance ?? 0) / p.control.n / ma ** 2;
    const vb = (p.treatment.variance ?? 0) / p.treatment.n / ma ** 2;
    const se = Math.sqrt(vb + va * ((p.treatment.mean ?? 0) / ma) ** 2);
    const z0 = normalQuantile(1 - p.alpha / 2);
    const sizes = { control: p.control.n, treatment: p.treatment.n };
    const halfWidth = (at: typeof sizes): number =>
      p.sequential ? (asymptoticCs.halfWidth(at, { alpha: p.alpha, sequentialTuning: p.n_tune }) ?? NaN) : z0;
    const factor = growthFactor(se, sizes, p.target_mde, {
      alpha: p.alpha,
      power: p.power,
      estimator: { halfWidth },
    });
    const k = factor === null ? null : factor - 1;
    return {
      status: 'ok',
      power_now: powerAt(p.target_mde / se, halfWidth(sizes)),
      scaling_factor: k,
      additional_units: k === null ? null : k * (sizes.control + sizes.treatment),
    };
  },
};
