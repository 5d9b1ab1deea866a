import { effectTrend, heterogeneity, normalLaw, waldTest } from '#metrics';
import { hasProbability } from '../claim.js';
import type { Claim } from '../claim.js';
import { ALPHA } from './common.js';

const POINTS = 10;

export const trendClaim: Claim = {
  key: 'trend',
  title: "Novelty trend and Cochran's Q, type I",
  design: '10 independent days or segments with one effect and different standard errors',
  runs: 50_000,
  shortRuns: 2000,
  simulate(sampler, runs, tally) {
    for (let i = 0; i < runs; i++) {
      const points = Array.from({ length: POINTS }, (_, day) => {
        const standardError = 0.5 + sampler.uniform();
        return { day, effect: 1 + standardError * sampler.normal(), standardError };
      });
      const trend = effectTrend(points);
      const q = heterogeneity(points);
      if (!trend.ok || !q.ok) throw new Error('trend or Q is not computed');
      const { slope, slopeStandardError } = trend.value;
      tally.add('trend', waldTest(slope, slopeStandardError, normalLaw, { alpha: ALPHA }).pValue < ALPHA);
      tally.add('q', q.value.pValue < ALPHA);
    }
  },
  checks: [hasProbability('trend', 'trend', ALPHA), hasProbability('q', "Cochran's Q", ALPHA)],
};
