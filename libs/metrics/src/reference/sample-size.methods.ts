import { z } from 'zod';
import {
  liftPower,
  logRankEvents,
  nonInferiorityUnits,
  proportionUnits,
  tTestPower,
  tTestUnits,
} from '../power/index.js';
import { alternative } from './inputs.js';
import type { ReferenceMethod } from './methods.js';

const error = z.object({ alpha: z.number(), power: z.number() });
const tTest = z.object({ delta: z.number(), sd: z.number(), alpha: z.number(), alternative });

export const sampleSizeMethods: Record<string, ReferenceMethod> = {
  power_t(input) {
    const p = tTest.extend({ n_control: z.number(), n_treatment: z.number() }).parse(input);
    return { ...tTestPower(p, p.n_control, p.n_treatment) };
  },
  sample_size_t(input) {
    const p = tTest.extend({ ratio: z.number().default(1), power: z.number() }).parse(input);
    const result = tTestUnits(p, p.power, p.ratio);
    if (result.status !== 'ok') return { ...result };
    return { status: 'ok', n_control: result.unitsControl, n_treatment: result.unitsTreatment };
  },
  sample_size_prop(input) {
    const p = error.extend({ p_control: z.number(), p_treatment: z.number(), alternative }).parse(input);
    const sides = p.alternative === 'two-sided' ? 2 : 1;
    const result = proportionUnits({ control: p.p_control, treatment: p.p_treatment }, { ...p, sides });
    if (result.status !== 'ok') return { ...result };
    return { status: 'ok', n_per_arm: result.unitsPerArm };
  },
  power_lift(input) {
    const p = error
      .extend({
        mean: z.number(),
        variance: z.number(),
        lift: z.number(),
        n_per_arm: z.number(),
        n_tune: z.number(),
      })
      .parse(input);
    const result = liftPower({ ...p, unitsPerArm: p.n_per_arm, sequentialTuning: p.n_tune });
    if (result.status !== 'ok') return { ...result };
    return {
      status: 'ok',
      power: result.power,
      mde: result.smallestLift,
      sequential_power: result.sequentialPower,
      sequential_mde: result.sequentialSmallestLift,
    };
  },
  sample_size_noninferiority(input) {
    const p = error
      .extend({
        variance_control: z.number(),
        variance_treatment: z.number(),
        margin: z.number(),
        true_diff: z.number(),
        kappa: z.number(),
      })
      .parse(input);
    const result = nonInferiorityUnits({
      ...p,
      varianceControl: p.variance_control,
      varianceTreatment: p.variance_treatment,
      trueDifference: p.true_diff,
    });
    if (result.status !== 'ok') return { ...result };
    return { status: 'ok', n_treatment: result.unitsTreatment, n_control: result.unitsControl };
  },
  events_logrank(input) {
    const p = error
      .extend({
        hazard_ratio: z.number(),
        allocation_treatment: z.number(),
        sides: z.union([z.literal(1), z.literal(2)]),
      })
      .parse(input);
    return { ...logRankEvents(p.hazard_ratio, p.allocation_treatment, p) };
  },
};
