import { describe, expect, it } from '@jest/globals';
import type { BanditPolicy, Chooser, CorrectedReward } from '../contract.js';
import { policyRegistry } from '../index.js';
import { actionsOf, loggedBatch, plainRequest } from '../testing/worlds.js';

const KEYS = ['linear-thompson', 'lin-ucb', 'square-cb', 'ridge-epsilon-greedy', 'bootstrap'];

function policyOf(key: string): BanditPolicy {
  const policy = policyRegistry.get(key);
  if (policy.learns !== 'online') throw new Error(`${key} does not learn online`);
  return policy;
}

/** Means and probabilities of a state. */
function answersOf(policy: BanditPolicy, state: unknown, params: unknown): number[] {
  const chooser = policy.compile(state, params) as Chooser;
  return [...(chooser.scores?.(plainRequest) ?? []), ...chooser.distribution(plainRequest)];
}

describe.each(KEYS)('corrected rewards, %s', (key) => {
  const policy = policyOf(key);
  const first = loggedBatch(150, actionsOf(6), 'first');
  const second = loggedBatch(150, actionsOf(6), 'second').map((one) => ({ ...one, at: one.at + 86_400_000 }));
  /** A fifth of each batch is known to have earned something else once the second has been learned. */
  const late = [...first, ...second]
    .filter((_one, n) => n % 5 === 0)
    .map((one): CorrectedReward => ({ ...one, previous: one.reward, reward: 0.25 + one.reward / 2 }));

  it.each([null, 0.5])('end where they would have with half-life %s', (halfLifeDays) => {
    const params = policy.params.parse({ sharing: 'disjoint', halfLifeDays });
    expect(policy.corrects?.(params)).toBe(true);
    const learnBoth = (batches: (typeof first)[]): unknown =>
      batches.reduce((state, batch) => policy.update(state, batch, params), policy.initialState(params));
    const known = new Map(late.map((one) => [one.decisionId, one.reward]));
    const truth = [first, second].map((batch) =>
      batch.map((one) => ({ ...one, reward: known.get(one.decisionId) ?? one.reward })),
    );
    const learned = learnBoth([first, second]);
    const before = JSON.stringify(policy.encode(learned));
    const corrected = policy.correct?.(learned, late, params);
    expect(JSON.stringify(policy.encode(learned))).toBe(before);
    const wanted = answersOf(policy, learnBoth(truth), params);
    answersOf(policy, corrected, params).forEach((value, i) =>
      expect(value).toBeCloseTo(wanted[i] as number, 10),
    );
    const uncorrected = answersOf(policy, learned, params);
    expect(
      Math.max(...uncorrected.map((value, i) => Math.abs(value - (wanted[i] as number)))),
    ).toBeGreaterThan(0.01);
  });

  it.each(['shared', 'hybrid'])(
    'are refused where weights are %s: they were solved with old rewards',
    (sharing) => {
      expect(policy.corrects?.(policy.params.parse({ sharing }))).toBe(false);
    },
  );
});

describe('policies that cannot correct', () => {
  it('logistic models, whose curvature depends on earlier rewards', () => {
    expect(policyOf('logistic-thompson').correct).toBeUndefined();
  });

  it('a correcting policy inside a wrapper that has counted the reward', () => {
    const policy = policyOf('linear-thompson');
    const parse = (wrappers: object[]): unknown => policy.params.parse({ sharing: 'disjoint', wrappers });
    expect(policy.corrects?.(parse([{ key: 'retired', params: { actions: ['a0'] } }]))).toBe(true);
    const counting = { key: 'conservative', params: { baseline: 'a0', alpha: 0.1 } };
    expect(policy.corrects?.(parse([counting]))).toBe(false);
  });
});
