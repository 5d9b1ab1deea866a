import { normalPosterior } from '#metrics';
import { hasMean, hasProbability } from '../claim.js';
import type { Claim } from '../claim.js';
import { ALPHA } from './common.js';

const PRIOR_SD = 0.05;
const STANDARD_ERROR = 0.04;
const LIKELY = 0.95;
/** P(effect <= 0) among effects whose chance to win exceeds 0.95, by integration over prior and data. */
const FALSE_AMONG_LIKELY = 0.0203;
const DECILES = Array.from({ length: 10 }, (_, i) => i);

export const bayesClaim: Claim = {
  key: 'bayes',
  title: 'Bayesian calibration',
  design: 'effects from N(0, 0.05²), standard error 0.04, the same prior',
  runs: 400_000,
  shortRuns: 20_000,
  simulate(sampler, runs, tally) {
    const prior = { mean: 0, variance: PRIOR_SD ** 2 };
    for (let i = 0; i < runs; i++) {
      const effect = PRIOR_SD * sampler.normal();
      const found = normalPosterior(effect + STANDARD_ERROR * sampler.normal(), STANDARD_ERROR, prior, {
        alpha: ALPHA,
      });
      if (!found.ok) throw new Error(found.reason);
      const { probabilityPositive: chance, lower, upper } = found.value;
      tally.add('misses', effect < lower || effect > upper);
      if (chance > LIKELY) tally.add('false', effect <= 0);
      tally.add(`decile-${Math.min(9, Math.floor(10 * chance))}`, (effect > 0 ? 1 : 0) - chance);
    }
  },
  checks: [
    hasProbability('false', 'effect <= 0 where the chance to win exceeds 95 %', FALSE_AMONG_LIKELY),
    hasProbability('misses', '95 % interval misses', ALPHA),
    ...DECILES.map((decile) =>
      hasMean(
        `decile-${decile}`,
        `share of wins less chance to win, chance ${decile * 10} to ${decile * 10 + 10} %`,
        0,
        (n) => 2 / Math.sqrt(n),
      ),
    ),
  ],
};
