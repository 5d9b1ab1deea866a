import { describe, expect, it } from '@jest/globals';
import { createRng } from '#experiments';
import type { DecisionRequest, Policy, RewardedDecision } from '../contract.js';
import { policyRegistry } from '../index.js';
import { actionsOf, requestOf } from '../testing/worlds.js';
import { exp3Bound } from './adversarial.js';
import { poissonLaiRobbins } from './counts.js';
import { banditSuites, judge } from './index.js';
import { bestChance } from './placed-appeal.js';
import { klUcbBounds, indexPlayer, thompsonBetaPlayer, topTwoPlayer, ucb1Bounds } from './players.js';
import type { PlayerMaker } from './players.js';

/** Few runs of those suites that are quick; `npm run bench -- --only bandit-suites` plays all of them in full. */
const SHORT: readonly (readonly [suite: string, policy: string, runs: number])[] = [
  ['cf1', 'thompson-beta', 5],
  ['cf1', 'kl-ucb', 3],
  ['cf1', 'top-two-thompson', 2],
  ['ns1 abrupt', 'sliding-ucb', 5],
  ['ns2 sinusoidal', 'sliding-thompson', 3],
  ['cf1 in batches', 'kl-ucb', 4],
  ['cascade K=2', 'cascade-ucb', 2],
  ['best arm', 'top-two-thompson', 4],
  ['minutes', 'thompson-normal', 20],
  ['fixed arms', 'exp3', 4],
  ['counts', 'thompson-poisson', 4],
];

describe('suites with known figures, a few runs', () => {
  it.each(SHORT)('%s: %s meets its reference', (suite, policy, runs) => {
    const entry = banditSuites.find((one) => one.suite === suite && one.policy === policy);
    const result = judge(entry as (typeof banditSuites)[number], runs);
    expect(result.reference).not.toBeNull();
    expect(result.ours.mean).toBeLessThanOrEqual(result.bound as number);
  });

  it('a bandit per place finds what one rate per item cannot say', () => {
    const regret = (policy: string): number =>
      banditSuites.find((one) => one.suite === 'appeal by place' && one.policy === policy)?.play(2).mean ??
      NaN;
    expect(regret('ranked-bandit')).toBeLessThan(0.5 * regret('cascade-thompson'));
  });

  it('names registered policies alone', () => {
    for (const { policy } of banditSuites) expect(policyRegistry.find(policy)?.key).toBe(policy);
  });
});

/** Lai and Robbins for two Poisson rates by hand: .5 / (.5 ln .5 + .5). */
describe('bounds of theory', () => {
  it('are the published ones', () => {
    expect(poissonLaiRobbins([1, 0.5])).toBeCloseTo(0.5 / (0.5 * Math.log(0.5) + 0.5), 12);
    expect(exp3Bound(2, 10_000)).toBeCloseTo(235.48, 2);
    expect(
      bestChance(
        [
          [0.5, 0.9],
          [0.4, 0.1],
        ],
        2,
      ),
    ).toBeCloseTo(1 - 0.6 * 0.1, 12);
  });
});

/** The players of the suites must do what is served after the same history. */
describe('players play the law that is served', () => {
  const plain = { epsilon: 0, planAhead: 1 };
  const cases: [string, object, PlayerMaker][] = [
    ['thompson-beta', {}, thompsonBetaPlayer()],
    ['ucb1', plain, indexPlayer(ucb1Bounds(0.5))],
    ['kl-ucb', plain, indexPlayer(klUcbBounds)],
    ['top-two-thompson', { epsilon: 0 }, topTwoPlayer(0.05)],
  ];
  it.each(cases)('%s', (key, input, make) => {
    const policy = policyRegistry.get(key) as Extract<Policy, { learns: 'online' }>;
    const params = policy.params.parse(input);
    const rng = createRng(`law ${key}`);
    const actions = actionsOf(4);
    const player = make(4, rng.fork('player'));
    const request: DecisionRequest = requestOf(actions);
    const history = Array.from({ length: 120 }, (_, n): RewardedDecision => {
      const arm = rng.below(4);
      const reward = rng.uniform() < 0.2 + 0.1 * arm ? 1 : 0;
      player.learn(arm, reward);
      const action = actions[arm] as RewardedDecision['action'];
      return { ...request, decisionId: `d${n}`, action, position: 0, propensity: 0.25, reward };
    });
    const compiled = policy.compile(policy.update(policy.initialState(params), history, params), params);
    if (compiled.decides !== 'action') throw new Error('a Chooser is expected');
    const served = compiled.distribution(request);
    player.refresh?.();
    const counts = new Float64Array(4);
    const draws = 4000;
    for (let n = 0; n < draws; n++) {
      const arm = player.pick();
      counts[arm] = (counts[arm] as number) + 1;
    }
    counts.forEach((count, i) => {
      const p = served[i] as number;
      expect(Math.abs(count / draws - p)).toBeLessThan(4.5 * Math.sqrt((p * (1 - p)) / draws) + 1e-3);
    });
  });
});
