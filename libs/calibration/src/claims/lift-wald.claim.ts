import { hasProbability } from '../claim.js';
import type { Claim } from '../claim.js';
import { ONE_LOOK_DESIGNS } from '../draws.js';
import { ALPHA, liftWald } from './common.js';

/** What the delta method is known to miss on skewed data of this size. */
const SKEWED = 0.059;

export const liftWaldClaim: Claim = {
  key: 'lift-wald',
  title: 'Lift, delta method, type I',
  design: 'A/A read once; skewed data may exceed the level',
  runs: 20_000,
  shortRuns: 2000,
  simulate(sampler, runs, tally) {
    for (const design of ONE_LOOK_DESIGNS) {
      const arm = design.arm();
      for (let i = 0; i < runs; i++)
        tally.add(design.key, (liftWald(arm(sampler), arm(sampler))?.pValue ?? 1) < ALPHA);
    }
  },
  checks: ONE_LOOK_DESIGNS.map(({ key, text }) =>
    hasProbability(key, text, ALPHA, key === 'log-normal' ? SKEWED : ALPHA),
  ),
};
