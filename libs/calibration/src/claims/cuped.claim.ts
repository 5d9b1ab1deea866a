import { estimatorRegistry } from '#metrics';
import { hasMean, hasProbability } from '../claim.js';
import type { Claim } from '../claim.js';
import { correlatedArm } from '../draws.js';
import { ALPHA, MEAN, rejects } from './common.js';

const UNITS = 500;
const RHO = 0.7;
/** Standard deviation of the variance reduction of one such experiment. */
const REDUCTION_SD = 0.0226;

const drawArm = correlatedArm(UNITS, RHO, 5, 0);

export const cupedClaim: Claim = {
  key: 'cuped',
  title: 'CUPED',
  design: 'A/A, correlation 0.7 with the covariate, 500 an arm',
  runs: 20_000,
  shortRuns: 2000,
  simulate(sampler, runs, tally) {
    const welch = estimatorRegistry.get('welch');
    for (let i = 0; i < runs; i++) {
      const [control, treatment] = [drawArm(sampler), drawArm(sampler)];
      const adjusted = welch.compare(control, treatment, { ...MEAN, adjust: true });
      const plain = welch.compare(control, treatment, MEAN);
      tally.add('error', rejects(adjusted));
      tally.add('removed', 1 - ((adjusted.standardError ?? NaN) / (plain.standardError ?? NaN)) ** 2);
    }
  },
  checks: [
    hasProbability('error', 'type I', ALPHA),
    hasMean(
      'removed',
      'share of the variance removed',
      RHO * RHO,
      (n) => (3.3 * REDUCTION_SD) / Math.sqrt(n) + 1 / UNITS,
    ),
  ],
};
