import { describe, expect, it } from '@jest/globals';
import { createRng } from '#experiments';
import type { Action, BanditPolicy, RewardedDecision } from '../contract.js';
import { compileExploration } from '../exploration/index.js';
import { policyRegistry } from '../index.js';
import { serveAction } from '../serve.js';
import { withheldBaselines } from './baseline.js';
import { incrementalReward } from './reward.js';

/** Probability of a play within the window when the title is shown, and when it is not. */
const TITLES = {
  // Everybody plays it, shown or not.
  hit: { shown: 0.6, hidden: 0.58 },
  // Played because it is shown.
  find: { shown: 0.3, hidden: 0.06 },
  niche: { shown: 0.12, hidden: 0.08 },
} as const;
type Title = keyof typeof TITLES;
const ACTIONS: readonly Action[] = Object.keys(TITLES).map((id) => ({ id, features: {} }));
const SHARE = 0.03;
const BATCH = 500;

interface Outcome {
  readonly shares: Record<Title, number>;
  /** Plays caused in the second half, per decision. */
  readonly caused: number;
}

/** Plays a policy closed loop, with its rewards plain or incremental as the service settles them. */
function play(key: string, incremental: boolean, seed: string, batches: number): Outcome {
  const policy = policyRegistry.get(key) as BanditPolicy;
  const params = policy.params.parse({});
  const explore = compileExploration('epsilon-mix', {});
  const rng = createRng(seed);
  const sums = new Map<string, { path: string[]; decisions: number; sum: number; squares: number }>();
  const counts: Record<Title, number> = { hit: 0, find: 0, niche: 0 };
  let state = policy.initialState(params);
  let [caused, measured] = [0, 0];
  for (let batch = 0; batch < batches; batch++) {
    const compiled = policy.compile(state, params);
    const learned: RewardedDecision[] = [];
    const baselineOf = withheldBaselines([...sums.values()]);
    for (let n = 0; n < BATCH; n++) {
      const at = (batch * BATCH + n) * 1000;
      const request = { unitId: `u${n}`, context: {}, actions: ACTIONS, subject: null, at };
      const { index, propensity } = serveAction(compiled, request, explore, 0.02, rng);
      const action = ACTIONS[index] as Action;
      const title = TITLES[action.id as Title];
      const withheld = rng.uniform() < SHARE;
      const outcome = rng.uniform() < (withheld ? title.hidden : title.shown) ? 1 : 0;
      if (batch >= batches / 2) {
        counts[action.id as Title] += 1;
        caused += title.shown - title.hidden;
        measured += 1;
      }
      const lot = { withheld, propensity: withheld ? SHARE : 1 - SHARE };
      const reward = incremental
        ? incrementalReward(outcome, baselineOf([action.id])?.mean ?? 0, lot)
        : outcome;
      if (incremental || !withheld)
        learned.push({
          decisionId: `${batch}-${n}`,
          unitId: request.unitId,
          context: {},
          subject: null,
          action,
          position: 0,
          propensity,
          reward,
          at,
        });
      if (withheld) {
        const sum = sums.get(action.id) ?? { path: [action.id], decisions: 0, sum: 0, squares: 0 };
        sum.decisions += 1;
        sum.sum += outcome;
        sum.squares += outcome;
        sums.set(action.id, sum);
      }
    }
    state = policy.update(state, learned, params);
  }
  const share = (title: Title): number => counts[title] / measured;
  return {
    shares: { hit: share('hit'), find: share('find'), niche: share('niche') },
    caused: caused / measured,
  };
}

describe('the incremental reward', () => {
  it('has the lift as its mean, however wrong the baseline is (exact expectation)', () => {
    for (const baseline of [-3, 0, 0.58, 40])
      for (const { shown, hidden } of Object.values(TITLES)) {
        let mean = 0;
        for (const withheld of [true, false]) {
          const propensity = withheld ? SHARE : 1 - SHARE;
          const play = withheld ? hidden : shown;
          for (const outcome of [0, 1])
            mean +=
              propensity *
              (outcome === 1 ? play : 1 - play) *
              incrementalReward(outcome, baseline, { withheld, propensity });
        }
        expect(mean).toBeCloseTo(shown - hidden, 10);
      }
  });
});

describe('learning what showing brings', () => {
  it.each([
    ['thompson-normal', 40],
    ['epsilon-greedy', 40],
    ['linear-thompson', 16],
  ] as const)('%s shows what is played because of it, and not what is played anyway', (key, batches) => {
    const plain = play(key, false, `plain ${key}`, batches);
    const incremental = play(key, true, `incremental ${key}`, batches);
    expect(plain.shares.hit).toBeGreaterThan(0.85);
    expect(incremental.shares.find).toBeGreaterThan(0.85);
    // The best possible is 0.24; what the plain policy causes is little more than 0.02.
    expect(plain.caused).toBeLessThan(0.06);
    expect(incremental.caused).toBeGreaterThan(0.2);
  });
});
