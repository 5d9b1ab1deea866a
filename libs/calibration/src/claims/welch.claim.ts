import { estimatorRegistry } from '#metrics';
import { hasProbability } from '../claim.js';
import type { Claim } from '../claim.js';
import { ONE_LOOK_DESIGNS } from '../draws.js';
import { ALPHA, MEAN, rejects } from './common.js';

export const welchClaim: Claim = {
  key: 'welch',
  title: 'Welch type I',
  design: 'A/A read once',
  runs: 20_000,
  shortRuns: 2000,
  simulate(sampler, runs, tally) {
    const welch = estimatorRegistry.get('welch');
    for (const design of ONE_LOOK_DESIGNS) {
      const arm = design.arm();
      for (let i = 0; i < runs; i++)
        tally.add(design.key, rejects(welch.compare(arm(sampler), arm(sampler), MEAN)));
    }
  },
  checks: ONE_LOOK_DESIGNS.map(({ key, text }) => hasProbability(key, text, ALPHA)),
};
