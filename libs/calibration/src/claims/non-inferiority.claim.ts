import { estimatorRegistry, fixedMarginNonInferiority } from '#metrics';
import { atMost, hasProbability } from '../claim.js';
import type { Claim } from '../claim.js';
import { correlatedArm, gamma2Arm } from '../draws.js';
import { ALPHA, MEAN } from './common.js';

const UNITS = 1000;
const MARGIN = 0.05;
/** Mean of the outcome and of the covariate, in standard deviations. */
const LEVEL = 10;
const RHO = 0.7;

export const nonInferiorityClaim: Claim = {
  key: 'non-inferiority',
  title: 'Non-inferiority on the margin',
  design: 'gamma (shape 2); with a covariate normal, correlation 0.7; 1,000 an arm, margin 5 %, one-sided',
  runs: 20_000,
  shortRuns: 2000,
  simulate(sampler, runs, tally) {
    const welch = estimatorRegistry.get('welch');
    const [control, treatment] = [gamma2Arm(UNITS, 1), gamma2Arm(UNITS, 1 - MARGIN)];
    const before = correlatedArm(UNITS, RHO, LEVEL, LEVEL);
    const after = correlatedArm(UNITS, RHO, LEVEL * (1 - MARGIN), LEVEL);
    for (let i = 0; i < runs; i++) {
      const [a, b] = [control(sampler), treatment(sampler)];
      tally.add(
        'contrast',
        welch.nonInferiority(a, b, { ...MEAN, margin: MARGIN, betterWhen: 'higher' }).holds,
      );
      const fixed = fixedMarginNonInferiority(a, b, { margin: MARGIN, direction: 'increase', alpha: ALPHA });
      tally.add('fixed', fixed.status === 'ok' && fixed.nonInferior);
      const adjusted = { ...MEAN, adjust: true, margin: MARGIN, betterWhen: 'higher' } as const;
      tally.add('covariate', welch.nonInferiority(before(sampler), after(sampler), adjusted).holds);
    }
  },
  checks: [
    hasProbability('contrast', 'margin as part of the contrast', ALPHA),
    hasProbability('covariate', 'with a covariate far from zero', ALPHA),
    atMost('fixed', 'margin taken as known', ALPHA),
  ],
};
