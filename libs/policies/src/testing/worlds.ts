import { createRng } from '#experiments';
import type { Context } from '#experiments';
import type {
  Action,
  BanditPolicy,
  CompiledPolicy,
  DecisionRequest,
  Policy,
  RecommenderPolicy,
  RewardedDecision,
  TrainingSet,
} from '../contract.js';
import { compileExploration } from '../exploration/index.js';
import { serveAction } from '../serve.js';

/** Small seeded worlds with a known truth, for the contract suite. */

const START = Date.UTC(2024, 0, 1);

export function actionsOf(count: number, prefix = 'a'): Action[] {
  return Array.from({ length: count }, (_, i) => ({
    id: `${prefix}${i}`,
    features: { bright: i % 2 === 0, faces: (i % 5) - 2 },
  }));
}

export function requestOf(
  actions: readonly Action[],
  context: Context = {},
  subject: string | null = null,
): DecisionRequest {
  return { unitId: 'unit-1', context, actions, subject, at: START };
}

export const plainRequest = requestOf(actionsOf(6), {
  device: 'tv',
  kids: false,
  hour: 0.5,
  genres: ['drama', 'crime'],
  history: ['a0', 'a1', 'unheard-of'],
});

/** Expected reward: the higher the action's number the better, so that no default order is right by luck. */
export function truth(index: number, count: number): number {
  return 0.1 + (0.6 * index) / (count - 1);
}

/** A batch logged by uniform play; action i earns 1 with probability truth(i). */
export function loggedBatch(size: number, actions: readonly Action[], seed: string): RewardedDecision[] {
  const rng = createRng(seed);
  return Array.from({ length: size }, (_, n) => {
    const index = rng.below(actions.length);
    return {
      decisionId: `${seed}-${n}`,
      unitId: `u${rng.below(50)}`,
      context: {
        device: rng.uniform() < 0.5 ? 'tv' : 'phone',
        hour: rng.uniform(),
        kids: rng.uniform() < 0.2,
      },
      subject: null,
      action: actions[index] as Action,
      position: 0,
      propensity: 1 / actions.length,
      reward: rng.uniform() < truth(index, actions.length) ? 1 : 0,
      at: START + n * 1000,
    };
  });
}

/**
 * 60 members of two tastes: the even ones watch a0-a9, the odd ones a10-a19; of each taste's titles the first is
 * watched by all. The titles of a taste share a genre, for policies that know titles by what they are.
 */
export function tasteHistory(): TrainingSet {
  const rng = createRng('taste');
  const items = actionsOf(20).map((action) => action.id);
  const unit: number[] = [];
  const item: number[] = [];
  for (let u = 0; u < 60; u++) {
    for (let i = 0; i < 10; i++) {
      if (i > 0 && rng.uniform() < 0.4) continue;
      unit.push(u);
      item.push((u % 2) * 10 + i);
    }
  }
  return {
    units: Array.from({ length: 60 }, (_, u) => `u${u}`),
    items,
    unit: Uint32Array.from(unit),
    item: Uint32Array.from(item),
    value: new Float64Array(unit.length).fill(1),
    at: Float64Array.from(unit, (_, n) => START + n * 1000),
    itemFeatures: items.map((_, i) => ({ genres: [i < 10 ? 'drama' : 'comedy'], year: 1990 + i })),
  };
}

/** A state that has learned something, whatever the way the policy learns. */
export function learnedState(policy: Policy, params: unknown): unknown {
  if (policy.learns === 'never') return null;
  if (policy.learns === 'batch') return policy.fit(tasteHistory(), params, createRng('fit'), () => undefined);
  return policy.update(policy.initialState(params), loggedBatch(400, actionsOf(6), 'learned'), params);
}

/** compile for any kind of policy; the registry does not know the type of the state. */
export function compileAny(policy: Policy, state: unknown, params: unknown): CompiledPolicy {
  return policy.compile(state as null, params);
}

/** Mean true reward of the last half of `rounds` played closed loop, learning in batches of 20. */
export function playOnline(policy: BanditPolicy, params: unknown, rounds: number): number {
  const actions = actionsOf(6);
  const rng = createRng(`play ${policy.key}`);
  const explore = compileExploration('epsilon-mix', { epsilon: 0.2 });
  let state = policy.initialState(params);
  let compiled = policy.compile(state, params);
  let batch: RewardedDecision[] = [];
  let total = 0;
  for (let n = 0; n < rounds; n++) {
    const request: DecisionRequest = { ...requestOf(actions, { hour: rng.uniform() }), at: START + n * 1000 };
    const { index, propensity } = serveAction(compiled, request, explore, 0, rng);
    const value = truth(index, actions.length);
    if (n >= rounds / 2) total += value;
    const action = actions[index] as Action;
    const reward = rng.uniform() < value ? 1 : 0;
    batch.push({ ...request, decisionId: `d${n}`, action, position: 0, propensity, reward });
    if (batch.length === 20) {
      state = policy.update(state, batch, params);
      compiled = policy.compile(state, params);
      batch = [];
    }
  }
  return total / (rounds - Math.ceil(rounds / 2));
}

/**
 * Share of the top 5 unseen titles that fit the member's taste, over both tastes, after a training run.
 * @param state of that run, where it was made already.
 */
export function tasteHits(
  policy: RecommenderPolicy,
  params: unknown,
  state = learnedState(policy, params),
): number {
  const compiled = compileAny(policy, state, params);
  if (compiled.decides !== 'slate') throw new Error(`${policy.key} is expected to rank`);
  let hits = 0;
  for (const taste of [0, 10]) {
    const history = [1, 2, 3].map((i) => `a${taste + i}`);
    const open = actionsOf(20).filter((action) => !history.includes(action.id));
    const scores = compiled.scores(requestOf(open, { history }));
    const order = open.map((_, i) => i).sort((a, b) => (scores[b] as number) - (scores[a] as number));
    for (const i of order.slice(0, 5)) {
      const number = Number((open[i] as Action).id.slice(1));
      if (number >= taste && number < taste + 10) hits++;
    }
  }
  return hits / 10;
}
