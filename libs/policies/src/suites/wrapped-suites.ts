import type { Rng } from '#experiments';
import type { BanditPolicy, DecisionRequest, RewardedDecision } from '../contract.js';
import { policyRegistry } from '../index.js';
import { serveAction } from '../serve.js';
import { repeat } from './play.js';
import type { SuiteEntry } from './suite.js';

/** Rounds learned at a time, and in flight. */
const BATCH = 20;
const ROUNDS = 20_000;

interface WrappedWorld {
  readonly reward: readonly number[];
  /** Probability of the signal `cost` per arm. */
  readonly cost: readonly number[];
}

interface Earned {
  readonly reward: number;
  readonly cost: number;
  /** Rounds after which less had been earned than `owed` per round. */
  readonly behind: number;
}

/** Plays a registered policy with wrappers, as the service does: batch by batch, from the served distribution. */
function playWrapped(
  world: WrappedWorld,
  key: string,
  wrappers: readonly object[],
  owed: number,
  rng: Rng,
): Earned {
  const policy = policyRegistry.get(key) as BanditPolicy;
  const params = policy.params.parse({ wrappers });
  const actions = world.reward.map((_, i) => ({ id: `a${i}`, features: {} }));
  const greedy = () => () => undefined;
  let state = policy.initialState(params);
  let compiled = policy.compile(state, params);
  let batch: RewardedDecision[] = [];
  let [reward, cost, behind] = [0, 0, 0];
  for (let t = 0; t < ROUNDS; t++) {
    const request: DecisionRequest = { unitId: `u${t}`, context: {}, actions, subject: null, at: t };
    const { index, propensity } = serveAction(compiled, request, greedy, 0, rng);
    reward += world.reward[index] as number;
    cost += world.cost[index] as number;
    if (reward < owed * (t + 1) - 1e-9) behind++;
    batch.push({
      ...request,
      decisionId: `d${t}`,
      action: actions[index] as (typeof actions)[number],
      position: 0,
      propensity,
      reward: Number(rng.uniform() < (world.reward[index] as number)),
      signals: { cost: Number(rng.uniform() < (world.cost[index] as number)) },
    });
    if (batch.length < BATCH) continue;
    state = policy.update(state, batch, params);
    compiled = policy.compile(state, params);
    batch = [];
  }
  return { reward, cost, behind };
}

type Measured = Pick<SuiteEntry, 'suite' | 'policy' | 'setting' | 'measure' | 'runs'>;

function entry(texts: Measured, reference: number | null, run: (rng: Rng) => number): SuiteEntry {
  const { policy, setting, suite } = texts;
  return {
    ...texts,
    reference: reference === null ? null : { mean: reference, se: null },
    play: (count) => repeat(count, `${suite} ${policy} ${setting}`, run),
  };
}

/** The baseline is the first arm. The reference names baseline .10 and best arm .13, not the other arms. */
const SAFE: WrappedWorld = { reward: [0.1, 0.13, 0.11, 0.09, 0.07], cost: [0, 0, 0, 0, 0] };

/** Regret of Wu and others' rule in the reference at each alpha; .05 and .1 stay with the baseline most of the time. */
const CONSERVATIVE = [
  { alpha: 0.3, regret: 276 },
  { alpha: 0.1, regret: 558 },
  { alpha: 0.05, regret: 597 },
] as const;

const conservative = CONSERVATIVE.flatMap(({ alpha, regret }) => {
  const wrappers = [{ key: 'conservative', params: { baseline: 'a0', alpha, mean: 0.1, ahead: BATCH } }];
  const run = (rng: Rng): Earned => playWrapped(SAFE, 'thompson-beta', wrappers, (1 - alpha) * 0.1, rng);
  const texts = {
    suite: 'conservative',
    policy: 'thompson-beta',
    setting: `alpha ${alpha}`,
    runs: 20,
  } as const;
  return [
    entry({ ...texts, measure: 'regret' }, regret, (rng) => 0.13 * ROUNDS - run(rng).reward),
    entry({ ...texts, measure: 'rounds behind' }, 0, (rng) => run(rng).behind),
  ];
});

/** Mean cost .07 or less is worth .1333 a round, by a mixture of the first two arms. */
const LIMITED: WrappedWorld = { reward: [0.15, 0.12, 0.08], cost: [0.12, 0.03, 0.02] };
const BEST_WITHIN = 0.12 + ((0.07 - 0.03) / (0.12 - 0.03)) * 0.03;

/**
 * What the policy learned at an earlier price stays in its means, so that it keeps more distance from the limit than the
 * reference (reward .1311 at cost .0706 for step .01), which applies the price to two posteriors when it plays. Held to
 * is the limit; a step of .002 is too slow for this horizon and reported alone.
 */
const STEPS = [
  { step: 0.002, limit: null },
  { step: 0.01, limit: 70 },
  { step: 0.05, limit: 70 },
] as const;

const constrained = STEPS.flatMap(({ limit, step }) => {
  const wrappers = [{ key: 'constrained', params: { signal: 'cost', most: 0.07, step } }];
  const run = (rng: Rng): Earned => playWrapped(LIMITED, 'epsilon-greedy', wrappers, 0, rng);
  const texts = {
    suite: 'limit on a cost',
    policy: 'epsilon-greedy',
    setting: `step ${step}`,
    runs: 20,
  } as const;
  return [
    entry({ ...texts, measure: 'regret' }, null, (rng) => BEST_WITHIN * ROUNDS - run(rng).reward),
    entry({ ...texts, measure: 'cost per 1,000' }, limit, (rng) => (1000 * run(rng).cost) / ROUNDS),
  ];
});

/** Policies inside wrappers. */
export const wrappedSuites: readonly SuiteEntry[] = [...conservative, ...constrained];
