import { describe, expect, it } from '@jest/globals';
import { createRng } from '#experiments';
import type { Json } from '#experiments';
import { compileExploration, policyRegistry, serveAction, serveSlate } from '../index.js';
import type { BanditPolicy, Chooser, DecisionRequest, Policy, RewardedDecision } from '../contract.js';
import { actionsOf, requestOf } from '../testing/worlds.js';
import { describePolicyContract } from '../testing/policy.contract.js';

const greedy = compileExploration('greedy', {});
const START = Date.UTC(2024, 0, 1);

interface Given {
  readonly key: string;
  readonly params?: unknown;
}

function bandit(key: string): BanditPolicy {
  const policy = policyRegistry.get(key);
  if (policy.learns !== 'online') throw new Error(`${key} does not learn online`);
  return policy;
}

/** The registered policy with wrappers in its default parameters. */
function wearing(key: string, ...wrappers: readonly Given[]): Policy {
  const policy = bandit(key);
  const parse = (input: unknown): unknown => policy.params.parse({ ...(input as object), wrappers });
  return { ...policy, key: `${key}-in-${wrappers[0]?.key}`, params: { ...policy.params, parse } } as Policy;
}

describePolicyContract(wearing('thompson-beta', { key: 'minimum-shares', params: { every: 0.01 } }));
describePolicyContract(wearing('thompson-beta', { key: 'warm-up', params: { decisions: 20 } }));
describePolicyContract(
  wearing(
    'linear-thompson',
    { key: 'exploration-budget', params: { perDay: 50 } },
    { key: 'constrained', params: { signal: 'cost', most: 0 } },
    { key: 'holdback', params: { share: 0.1, of: 'decisions' } },
  ),
);
describePolicyContract(wearing('epsilon-greedy', { key: 'lexicographic', params: { signal: 'minutes' } }));

interface World {
  readonly mean: readonly number[];
  readonly cost?: readonly number[];
}

interface Played {
  readonly reward: number;
  readonly cost: number;
  /** Least of (expected reward so far) - (1 - alpha) * (that of the baseline), over time. */
  readonly leastAhead: number;
  readonly state: unknown;
  readonly shares: readonly number[];
}

/** Plays a world of Bernoulli rewards closed loop, learning in batches. */
function play(
  key: string,
  wrappers: readonly Given[],
  world: World,
  rounds: number,
  seed: string,
  owed = 0,
): Played {
  const policy = bandit(key);
  const params = policy.params.parse({ wrappers });
  const actions = actionsOf(world.mean.length);
  const rng = createRng(seed);
  let state = policy.initialState(params);
  let compiled = policy.compile(state, params);
  let batch: RewardedDecision[] = [];
  const shares = new Array<number>(actions.length).fill(0);
  let [reward, cost, leastAhead] = [0, 0, 0];
  for (let n = 0; n < rounds; n++) {
    const request: DecisionRequest = { ...requestOf(actions), unitId: `u${n}`, at: START + n * 1000 };
    const { index, propensity } = serveAction(compiled, request, greedy, 0, rng);
    const mean = world.mean[index] as number;
    reward += mean / rounds;
    cost += (world.cost?.[index] ?? 0) / rounds;
    shares[index] = (shares[index] as number) + 1 / rounds;
    leastAhead = Math.min(leastAhead, reward * rounds - owed * (n + 1));
    const paid = Number(rng.uniform() < (world.cost?.[index] ?? 0));
    batch.push({
      ...request,
      decisionId: `d${n}`,
      action: actions[index] as (typeof actions)[number],
      position: 0,
      propensity,
      reward: Number(rng.uniform() < mean),
      signals: { cost: paid, minutes: paid * 10 },
    });
    if (batch.length === 20) {
      state = policy.update(state, batch, params);
      compiled = policy.compile(state, params);
      batch = [];
    }
  }
  return { reward, cost, leastAhead, state, shares };
}

function distribution(key: string, wrappers: readonly Given[], request: DecisionRequest): Float64Array {
  const policy = policyRegistry.get(key);
  const params = policy.params.parse({ wrappers });
  const state = policy.learns === 'online' ? policy.initialState(params) : null;
  return (policy.compile(state as never, params as never) as Chooser).distribution(request);
}

describe('parameters of wrappers', () => {
  const { params } = policyRegistry.get('thompson-beta');

  it('say which field is wrong and what is allowed', () => {
    const wrong: readonly [unknown, string][] = [
      [{ wrappers: 5 }, '/wrappers:'],
      [{ wrappers: ['holdback'] }, '/wrappers/0: expected'],
      [{ wrappers: [{ key: 'nope' }] }, '/wrappers/0/key: no such wrapper; allowed are minimum-shares, '],
      [{ wrappers: [{ key: 'holdback', params: { share: 2 } }] }, '/wrappers/0/params/share: '],
      [{ wrappers: [{ key: 'holdback', more: 1 }] }, '/wrappers/0/more: '],
      [
        { wrappers: [{ key: 'holdback' }, { key: 'holdback' }] },
        '/wrappers/1/key: "holdback" is there twice',
      ],
      [{ priorAlpha: -1, wrappers: [] }, '/priorAlpha'],
    ];
    for (const [input, message] of wrong) expect(() => params.parse(input)).toThrow(message);
    expect(() => policyRegistry.get('fixed-order').params.parse({ wrappers: [{ key: 'warm-up' }] })).toThrow(
      '/wrappers/0/key: "warm-up" learns from rewards, and "fixed-order" does not learn online',
    );
  });

  it('leave the parameters and stored states of a policy without wrappers as they are', () => {
    expect(params.parse({ wrappers: [] })).toEqual(params.parse({}));
    const policy = bandit('thompson-beta');
    expect(Object.keys(policy.encode(policy.initialState(params.parse({}))) as object)).toEqual([
      'at',
      'keys',
      'tallies',
    ]);
  });

  it('refuse a wrapper that changes probabilities around a policy that gives scores', () => {
    const als = policyRegistry.get('implicit-als');
    expect(() => als.params.parse({ wrappers: [{ key: 'warm-up' }] })).toThrow('/wrappers/0/key');
    expect(als.params.parse({ wrappers: [{ key: 'fatigue' }] })).toMatchObject({
      wrappers: [{ key: 'fatigue' }],
    });
  });
});

describe('wrappers', () => {
  const four = requestOf(actionsOf(4));

  it('keep least shares and the ratios above them', () => {
    const p = distribution(
      'uniform-random',
      [{ key: 'minimum-shares', params: { every: 0.02, actions: { a3: 0.24 } } }],
      four,
    );
    expect([...p].map((one) => Number(one.toFixed(12)))).toEqual([0.195, 0.195, 0.195, 0.415]);
    const over = distribution('uniform-random', [{ key: 'minimum-shares', params: { every: 0.5 } }], four);
    expect([...over]).toEqual([0.25, 0.25, 0.25, 0.25]);
  });

  it('warm up every action before the policy decides', () => {
    const { shares } = play(
      'thompson-beta',
      [{ key: 'warm-up', params: { decisions: 250 } }],
      { mean: [0.9, 0.1, 0.1, 0.1] },
      1000,
      'warm',
    );
    for (const share of shares) expect(share).toBeGreaterThan(0.2);
    const later = play(
      'thompson-beta',
      [{ key: 'warm-up', params: { decisions: 25 } }],
      { mean: [0.9, 0.1, 0.1, 0.1] },
      1000,
      'warm',
    );
    expect(later.shares[0]).toBeGreaterThan(0.8);
    // A newcomer gets its share, not everything: the others keep what the policy gives them.
    const policy = bandit('thompson-beta');
    const params = policy.params.parse({ wrappers: [{ key: 'warm-up', params: { decisions: 250 } }] });
    const ten = requestOf(actionsOf(10));
    const batch = ten.actions.slice(1).flatMap((action, i) =>
      Array.from({ length: 250 }, (_, n) => ({
        ...ten,
        decisionId: `d${i}-${n}`,
        at: START + n,
        action,
        position: 0,
        propensity: 0.1,
        reward: Number(i === 0),
      })),
    );
    const learned = policy.update(policy.initialState(params), batch, params);
    const p = (policy.compile(learned, params) as Chooser).distribution(ten);
    expect(p[0]).toBeGreaterThanOrEqual(0.2);
    expect(p[0]).toBeLessThan(0.25);
    expect(p[1]).toBeGreaterThan(0.75);
  });

  it('hold the same units back for ever, at the share asked for', () => {
    const at = (unitId: string): Float64Array =>
      distribution('uniform-random', [{ key: 'holdback', params: { share: 0.1, serve: 'first' } }], {
        ...four,
        unitId,
      });
    let held = 0;
    for (let n = 0; n < 10_000; n++) {
      const p = at(`u${n}`);
      if (p[0] === 1) held++;
      else expect([...p]).toEqual([0.25, 0.25, 0.25, 0.25]);
    }
    // 0.1 within four standard errors.
    expect(Math.abs(held / 10_000 - 0.1)).toBeLessThan(0.012);
    const mixed = distribution(
      'uniform-random',
      [{ key: 'holdback', params: { share: 0.2, of: 'decisions', serve: 'first' } }],
      four,
    );
    expect([...mixed].map((p) => Number(p.toFixed(12)))).toEqual([0.4, 0.2, 0.2, 0.2]);
  });

  it('never serve retired or worn-out actions, floor or not, in an action or a slate', () => {
    const wrappers = [
      { key: 'retired', params: { actions: ['a0'] } },
      { key: 'fatigue', params: { most: 2 } },
    ];
    const context = { seen: ['a1', 'a2', 'a1'] };
    for (const key of ['uniform-random', 'thompson-beta', 'fixed-order']) {
      const policy = policyRegistry.get(key);
      const params = policy.params.parse({ wrappers });
      const state = policy.learns === 'online' ? policy.initialState(params) : null;
      const compiled = policy.compile(state as never, params as never);
      const request = { ...four, context };
      const { probabilities } = serveAction(compiled, request, greedy, 0.1, createRng(key));
      expect([probabilities[0], probabilities[1]]).toEqual([0, 0]);
      expect(Math.min(probabilities[2] as number, probabilities[3] as number)).toBeGreaterThanOrEqual(0.1);
      const { items } = serveSlate(compiled, request, 4, greedy, 0.1, createRng(key));
      expect(items.map((item) => item.index).sort()).toEqual([2, 3]);
    }
    const none = distribution(
      'uniform-random',
      [{ key: 'retired', params: { actions: ['a0', 'a1', 'a2', 'a3'] } }],
      four,
    );
    expect([...none]).toEqual([0.25, 0.25, 0.25, 0.25]);
  });

  it('learn from several objectives, and what they weigh', () => {
    const world = { mean: [0.5, 0.45], cost: [0.5, 0.05] };
    const free = play('epsilon-greedy', [], world, 4000, 'objectives');
    const weighed = play(
      'epsilon-greedy',
      [{ key: 'objectives', params: { signals: { cost: -0.5 } } }],
      world,
      4000,
      'objectives',
    );
    expect(free.shares[0]).toBeGreaterThan(0.6);
    expect(weighed.shares[1]).toBeGreaterThan(0.8);
  });

  it('put the first objective first', () => {
    // Two that are as good as each other in reward, of which the last pays minutes; one with most minutes and less reward.
    const world = { mean: [0.6, 0.2, 0.6], cost: [0.1, 0.9, 0.5] };
    const { shares } = play(
      'epsilon-greedy',
      [{ key: 'lexicographic', params: { signal: 'minutes', band: 0.05 } }],
      world,
      6000,
      'first',
    );
    expect(shares[2]).toBeGreaterThan(0.75);
    expect(shares[1]).toBeLessThan(0.05);
  });

  it('keep the mean of a cost at its limit, and earn what the best mixture would', () => {
    const world = { mean: [0.15, 0.1], cost: [0.14, 0.02] };
    // Mean cost .07 is reached by 5/12 of the first: .1208 reward.
    const runs = [1, 2, 3].map((n) =>
      play(
        'epsilon-greedy',
        [{ key: 'constrained', params: { signal: 'cost', most: 0.07, step: 0.02 } }],
        world,
        12_000,
        `limit ${n}`,
      ),
    );
    const mean = (of: (run: Played) => number): number =>
      runs.reduce((sum, run) => sum + of(run) / runs.length, 0);
    expect(mean((run) => run.cost)).toBeLessThan(0.08);
    expect(mean((run) => run.reward)).toBeGreaterThan(0.112);
    expect(play('epsilon-greedy', [], world, 12_000, 'limit 1').cost).toBeGreaterThan(0.1);
  });

  it.each([null, 0.3])('never fall behind the baseline by more than promised (known mean: %s)', (mean) => {
    const world = { mean: [0.3, 0.4, 0.05, 0.05, 0.05] };
    const alpha = 0.1;
    const wrapped = [{ key: 'conservative', params: { baseline: 'a0', alpha, mean, ahead: 20 } }];
    const least = [1, 2].map((n) =>
      play('thompson-beta', wrapped, world, 6000, `safe ${n}`, (1 - alpha) * 0.3),
    );
    for (const { leastAhead } of least) expect(leastAhead).toBeGreaterThanOrEqual(0);
    expect(Math.max(...least.map(({ shares }) => shares[1] as number))).toBeGreaterThan(0.2);
    const free = [1, 2].map((n) => play('thompson-beta', [], world, 6000, `safe ${n}`, (1 - alpha) * 0.3));
    expect(Math.min(...free.map(({ leastAhead }) => leastAhead))).toBeLessThan(0);
  });

  it('keep a ledger of what exploration costs, and stop when the budget of the day is spent', () => {
    const world = { mean: [0.8, 0.2] };
    const ledger = (perDay: number): { spent: number; explored: number; decisions: number } => {
      const wrappers = [{ key: 'exploration-budget', params: { perDay } }];
      const policy = bandit('epsilon-greedy');
      const { state } = play('epsilon-greedy', wrappers, world, 4000, 'budget');
      const stored = JSON.parse(JSON.stringify(policy.encode(state))) as {
        memories: { memory: { days: { spent: number; explored: number; decisions: number }[] } }[];
      };
      expect(policy.encode(policy.decode(stored as unknown as Json))).toEqual(policy.encode(state));
      return stored.memories[0]?.memory.days[0] as never;
    };
    // Epsilon .1 explores half of .1 of 4,000 decisions at .6 each: about 120.
    const open = ledger(1000);
    expect(open.decisions).toBe(4000);
    expect(open.spent).toBeGreaterThan(80);
    const closed = ledger(10);
    expect(closed.spent).toBeGreaterThanOrEqual(10);
    expect(closed.spent).toBeLessThan(25);
  });
});
