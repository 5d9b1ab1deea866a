import { adaptiveEstimates, thompsonAllocation } from '#metrics';
import { atMost, hasMean, mustFail } from '../claim.js';
import type { Claim } from '../claim.js';
import type { Sampler } from '../sampler.js';
import type { Tally } from '../tally.js';
import { ALPHA, Z } from './common.js';

const BATCHES = 20;
const BATCH = 50;
const FLOOR = 0.05;
/** Standard deviation of the estimate of one arm's mean in one run. */
const ESTIMATE_SD = 0.09;

/** The log of a Thompson sampler over two arms that are alike: rewards normal with mean 0 and sd 1. */
function runBandit(sampler: Sampler) {
  const rewards = new Float64Array(BATCHES * BATCH);
  const arms = new Uint8Array(BATCHES * BATCH);
  const probabilities: (readonly number[])[] = [];
  const sums = [0, 0];
  const counts = [0, 0];
  let shares: readonly number[] = [0.5, 0.5];
  for (let t = 0; t < rewards.length; t++) {
    if (t > 0 && t % BATCH === 0) shares = allocate(sums, counts);
    const arm = sampler.uniform() < (shares[0] as number) ? 0 : 1;
    const reward = sampler.normal();
    rewards[t] = reward;
    arms[t] = arm;
    probabilities.push(shares);
    sums[arm] = (sums[arm] as number) + reward;
    counts[arm] = (counts[arm] as number) + 1;
  }
  return { rewards, arms, probabilities };
}

function allocate(sums: readonly number[], counts: readonly number[]): readonly number[] {
  const found = thompsonAllocation(
    sums.map((sum, arm) => ({
      mean: sum / Math.max(1, counts[arm] as number),
      variance: 1 / Math.max(1, counts[arm] as number),
    })),
    { maximize: true, floor: FLOOR },
  );
  if (!found.ok) throw new Error(found.reason);
  return found.value.weights;
}

function tallyEstimates(tally: Tally, sampler: Sampler): void {
  const log = runBandit(sampler);
  const found = adaptiveEstimates(log);
  if (!found.ok) throw new Error(found.reason);
  const { aipwUniform, aipwConstantAllocation, naiveMeans } = found.value;
  for (const [key, law] of [
    ['uniform', aipwUniform],
    ['constant', aipwConstantAllocation],
  ] as const) {
    const estimate = law.estimates[0] as number;
    tally.add(`${key}/misses`, Math.abs(estimate) > Z * (law.standardErrors[0] as number));
    tally.add(`${key}/bias`, estimate);
  }
  tally.add('naive/bias', naiveMeans[0] as number);
}

const unbiased = (measure: string, text: string) =>
  hasMean(measure, text, 0, (n) => (3.3 * ESTIMATE_SD) / Math.sqrt(n));

export const adaptiveClaim: Claim = {
  key: 'adaptive',
  title: 'Adaptive data',
  design: 'Thompson sampling over 2 equal arms, 20 batches of 50, floor 0.05; the first arm',
  runs: 4000,
  shortRuns: 500,
  simulate(sampler, runs, tally) {
    for (let i = 0; i < runs; i++) tallyEstimates(tally, sampler);
  },
  checks: [
    atMost('uniform/misses', 'AIPW, equal weights: misses', ALPHA),
    atMost('constant/misses', 'AIPW, weights sqrt(e): misses', ALPHA),
    unbiased('uniform/bias', 'AIPW, equal weights: bias'),
    mustFail(unbiased('naive/bias', 'plain mean: bias')),
  ],
};
