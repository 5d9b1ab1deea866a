import { estimatorRegistry, fixedMarginNonInferiority } from '#metrics';
import { atMost, hasProbability } from '../claim.js';
import type { Claim } from '../claim.js';
import { gamma2Arm } from '../draws.js';
import { ALPHA, MEAN } from './common.js';

const UNITS = 1000;
const MARGIN = 0.05;

export const nonInferiorityClaim: Claim = {
  key: 'non-inferiority',
  title: 'Non-inferiority on the margin',
  design: 'gamma (shape 2), 1,000 an arm, margin 5 %, one-sided',
  runs: 20_000,
  shortRuns: 2000,
  simulate(sampler, runs, tally) {
    const welch = estimatorRegistry.get('welch');
    const [control, treatment] = [gamma2Arm(UNITS, 1), gamma2Arm(UNITS, 1 - MARGIN)];
    for (let i = 0; i < runs; i++) {
      const [a, b] = [control(sampler), treatment(sampler)];
      tally.add(
        'contrast',
        welch.nonInferiority(a, b, { ...MEAN, margin: MARGIN, betterWhen: 'higher' }).holds,
      );
      const fixed = fixedMarginNonInferiority(a, b, { margin: MARGIN, direction: 'increase', alpha: ALPHA });
      tally.add('fixed', fixed.status === 'ok' && fixed.nonInferior);
    }
  },
  checks: [
    hasProbability('contrast', 'margin as part of the contrast', ALPHA),
    atMost('fixed', 'margin taken as known', ALPHA),
  ],
};
