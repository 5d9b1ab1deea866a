import { clusterMean, estimatorRegistry, fromValues } from '#metrics';
import type { Moments } from '#metrics';
import { atMost, hasProbability, mustFail } from '../claim.js';
import type { Claim } from '../claim.js';
import type { Sampler } from '../sampler.js';
import { ALPHA, MEAN, rejects } from './common.js';

const HOUSEHOLDS = 150;
const MOST_MEMBERS = 6;
/** Share of a member's variance that its household has in common. */
const CORRELATION = 0.6;

interface Arm {
  /** Sums by household as they are compared: a mean over members, and watched minutes per play. */
  readonly mean: Moments;
  readonly ratio: Moments;
  /** The mistake: every member as if it had been assigned by itself. */
  readonly members: Moments;
}

/** Households of one to six members whose values share 0.6 of their variance; bigger households watch less each. */
function arm(sampler: Sampler): Arm {
  const [sums, sizes, plays] = [0, 1, 2].map(() => new Float64Array(HOUSEHOLDS)) as [
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  const values: number[] = [];
  for (let h = 0; h < HOUSEHOLDS; h++) {
    const size = 1 + Math.floor(sampler.uniform() * MOST_MEMBERS);
    const habit = 10 - size + 3 * Math.sqrt(CORRELATION) * sampler.normal();
    sizes[h] = size;
    for (let m = 0; m < size; m++) {
      const value = habit + 3 * Math.sqrt(1 - CORRELATION) * sampler.normal();
      values.push(value);
      sums[h] = (sums[h] as number) + value;
      plays[h] = (plays[h] as number) + 1 + Math.floor(sampler.uniform() * 4);
    }
  }
  return {
    mean: clusterMean(fromValues(sums, sizes)) as Moments,
    ratio: fromValues(sums, plays),
    members: fromValues(values),
  };
}

export const clustersClaim: Claim = {
  key: 'clusters',
  title: 'Units assigned by cluster, type I',
  design: `A/A, ${HOUSEHOLDS} households an arm, 1 to ${MOST_MEMBERS} members, correlation ${CORRELATION} within`,
  runs: 20_000,
  shortRuns: 2000,
  simulate(sampler, runs, tally) {
    const welch = estimatorRegistry.get('welch');
    const sequential = estimatorRegistry.get('asymptotic-cs');
    for (let i = 0; i < runs; i++) {
      const [a, b] = [arm(sampler), arm(sampler)];
      tally.add('mean', rejects(welch.compare(a.mean, b.mean, MEAN)));
      tally.add('ratio', rejects(welch.compare(a.ratio, b.ratio, { ...MEAN, kind: 'ratio' })));
      tally.add('sequential', rejects(sequential.compare(a.mean, b.mean, MEAN)));
      tally.add('members', rejects(welch.compare(a.members, b.members, MEAN)));
    }
  },
  checks: [
    hasProbability('mean', 'mean over members, errors by household', ALPHA),
    hasProbability('ratio', 'ratio, errors by household', ALPHA),
    atMost('sequential', 'always-valid interval, errors by household', ALPHA),
    mustFail(hasProbability('members', 'members as if assigned by themselves', ALPHA)),
  ],
};
