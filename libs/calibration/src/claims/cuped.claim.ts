import { estimatorRegistry } from '#metrics';
import type { Moments } from '#metrics';
import { hasMean, hasProbability } from '../claim.js';
import type { Claim } from '../claim.js';
import type { Sampler } from '../sampler.js';
import { ALPHA, MEAN, rejects } from './common.js';

const UNITS = 500;
const RHO = 0.7;
const REST = Math.sqrt(1 - RHO * RHO);
/** Standard deviation of the variance reduction of one such experiment. */
const REDUCTION_SD = 0.0226;

/** Outcome and covariate, bivariate normal: means, and the scatter matrix by Bartlett's (1933) decomposition. */
function drawArm(sampler: Sampler): Moments {
  const a = Math.sqrt(sampler.chiSquare(UNITS - 1));
  const b = Math.sqrt(sampler.chiSquare(UNITS - 2));
  const c = sampler.normal();
  const xx = a * a;
  const xe = a * c;
  const ee = c * c + b * b;
  const x = sampler.normal() / Math.sqrt(UNITS);
  const e = sampler.normal() / Math.sqrt(UNITS);
  const yy = RHO * RHO * xx + 2 * RHO * REST * xe + REST * REST * ee;
  return {
    n: UNITS,
    mean: [5 + RHO * x + REST * e, 1, x],
    comoment: [yy, 0, xx, 0, RHO * xx + REST * xe, 0],
    nonZero: UNITS,
  };
}

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
