import { EMPTY_MOMENTS, estimatorRegistry, merge } from '#metrics';
import { atLeast, atMost, mustFail } from '../claim.js';
import type { Claim } from '../claim.js';
import { normalArm } from '../draws.js';
import type { Sampler } from '../sampler.js';
import { ALPHA, MEAN } from './common.js';

const LOOKS = 50;
const UNITS_PER_LOOK = 200;
const MARGIN = 0.05;
const [MEAN_CONTROL, SD] = [10, 4];

/** Whether a guardrail is ever called non-inferior. */
function everHolds(sampler: Sampler, estimatorKey: string, truth: number): boolean {
  const estimator = estimatorRegistry.get(estimatorKey);
  const control = normalArm(UNITS_PER_LOOK, MEAN_CONTROL, SD);
  const treatment = normalArm(UNITS_PER_LOOK, truth, SD);
  let [a, b] = [EMPTY_MOMENTS, EMPTY_MOMENTS];
  for (let look = 0; look < LOOKS; look++) {
    a = merge(a, control(sampler));
    b = merge(b, treatment(sampler));
    const options = { ...MEAN, margin: MARGIN, betterWhen: 'higher' } as const;
    if (estimator.nonInferiority(a, b, options).holds) return true;
  }
  return false;
}

export const peekedMarginClaim: Claim = {
  key: 'peeked-margin',
  title: 'Guardrail, 50 looks',
  design: 'normal, every 200 an arm up to 10,000, margin 5 %, one-sided',
  runs: 10_000,
  shortRuns: 500,
  simulate(sampler, runs, tally) {
    for (let i = 0; i < runs; i++) {
      tally.add('at-margin', everHolds(sampler, 'asymptotic-cs', (1 - MARGIN) * MEAN_CONTROL));
      tally.add('fixed', everHolds(sampler, 'welch', (1 - MARGIN) * MEAN_CONTROL));
      tally.add('no-effect', everHolds(sampler, 'asymptotic-cs', MEAN_CONTROL));
    }
  },
  checks: [
    atMost('at-margin', 'on its margin: called non-inferior', ALPHA),
    atLeast('no-effect', 'without an effect: called non-inferior', 0.9),
    mustFail(atMost('fixed', 'on its margin, fixed test', ALPHA)),
  ],
};
