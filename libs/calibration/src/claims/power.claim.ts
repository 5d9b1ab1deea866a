import { estimatorRegistry, tTestUnits } from '#metrics';
import { hasProbability } from '../claim.js';
import type { Claim } from '../claim.js';
import { normalArm } from '../draws.js';
import { ALPHA, MEAN, rejects } from './common.js';

const POWER = 0.8;
const PLAN = { delta: 0.2, sd: 1, alpha: ALPHA, alternative: 'two-sided' } as const;

export const powerClaim: Claim = {
  key: 'power',
  title: 'Power at the planned size',
  design: 'units for 80 % power at an effect of 0.2 standard deviations, Welch',
  runs: 20_000,
  shortRuns: 2000,
  simulate(sampler, runs, tally) {
    const welch = estimatorRegistry.get('welch');
    const plan = tTestUnits(PLAN, POWER);
    if (plan.status !== 'ok') throw new Error(plan.reason);
    const units = Math.ceil(plan.unitsControl);
    const [control, treatment] = [normalArm(units, 0, PLAN.sd), normalArm(units, PLAN.delta, PLAN.sd)];
    for (let i = 0; i < runs; i++)
      tally.add('found', rejects(welch.compare(control(sampler), treatment(sampler), MEAN)));
  },
  checks: [hasProbability('found', 'effect found', POWER)],
};
