import { logRankTest, restrictedMeanDifference } from '#metrics';
import { hasProbability } from '../claim.js';
import type { Claim } from '../claim.js';
import { ALPHA } from './common.js';

const UNITS = 200;
const MEAN_DAYS = 20;
const LONGEST_FOLLOW_UP = 60;
const TAU = 25;

export const survivalClaim: Claim = {
  key: 'survival',
  title: 'Survival, type I',
  design: 'A/A, 200 an arm, exponential (20 days) in whole days, uniform censoring over 60 days',
  runs: 5000,
  shortRuns: 500,
  simulate(sampler, runs, tally) {
    const time = new Float64Array(2 * UNITS);
    const event = new Float64Array(2 * UNITS);
    const treated = Float64Array.from({ length: 2 * UNITS }, (_, i) => i % 2);
    for (let run = 0; run < runs; run++) {
      for (let i = 0; i < time.length; i++) {
        const churn = Math.ceil(MEAN_DAYS * sampler.exponential());
        const end = Math.ceil(LONGEST_FOLLOW_UP * sampler.uniform());
        time[i] = Math.min(churn, end);
        event[i] = churn <= end ? 1 : 0;
      }
      const logRank = logRankTest({ time, event }, treated);
      tally.add('log-rank', logRank.status === 'ok' && logRank.pValue < ALPHA);
      const mean = restrictedMeanDifference({ time, event }, treated, TAU, ALPHA);
      tally.add('restricted-mean', mean.status === 'ok' && mean.pValue < ALPHA);
    }
  },
  checks: [
    hasProbability('log-rank', 'log-rank', ALPHA),
    hasProbability('restricted-mean', 'restricted mean to day 25', ALPHA),
  ],
};
