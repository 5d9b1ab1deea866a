import { defineParams, DomainError } from '#experiments';
import type { Context, Json } from '#experiments';
import { z } from 'zod';
import { stateNumber, stateObject, stateText, stateTexts } from '../codec.js';
import type { Action, BanditPolicy, Chooser, DecisionRequest, RewardedDecision } from '../contract.js';
import { dot } from '../linear-algebra/rank-one.js';
import { probabilityBest } from '../sampling/gaussian-best.js';
import { halfLifeDaysField, perSubjectField } from './counting-params.js';
import { addOne, checkRewarded, decayFactor, tallyKey } from './decayed-counts.js';
import type { Tally } from './decayed-counts.js';
import { eachFeature, FeatureIndex, learnNames } from './features.js';
import { decodeBlock, emptyBlock, encodeBlock, growBlock, learnRows, posteriorOf } from './linear-block.js';
import type { LinearBlock, LinearPosterior, LinearRow } from './linear-block.js';
import { crossFeatures, crossPosition, disjointScores, sharedScores } from './linear-scores.js';
import type { ScorePosterior } from './linear-scores.js';

/** Largest number of context x action products of the shared model; its matrix is the square of that. */
const MOST_CROSS_FEATURES = 1024;
const SHARED_KEY = '';

const schema = z.object({
  sharing: z
    .enum(['disjoint', 'shared'])
    .default('disjoint')
    .describe(
      'disjoint: every action learns its own weights on the context. shared: one model of context x action features, ' +
        'which knows something about new actions; actions without features are told apart by their id.',
    ),
  scale: z
    .number()
    .positive()
    .max(1e6)
    .default(0.2)
    .describe(
      'Width of the posterior that is sampled, in units of the reward; about half the deviation of rewards.',
    ),
  ridge: z
    .number()
    .min(1e-6)
    .max(1e9)
    .default(2)
    .describe('Strength of the prior: 1 / variance of a weight.'),
  halfLifeDays: halfLifeDaysField.default(null),
  perSubject: perSubjectField,
  attributes: z
    .array(z.string().min(1).max(100))
    .max(100)
    .default([])
    .describe('Context attributes the model looks at; empty: all but `history`.'),
  maxContextFeatures: z
    .int()
    .min(1)
    .max(256)
    .default(32)
    .describe('Context features learned, first come first served.'),
  maxActionFeatures: z
    .int()
    .min(1)
    .max(256)
    .default(16)
    .describe('Action features learned by the shared model.'),
  featureLimit: z
    .number()
    .positive()
    .max(1e6)
    .default(100)
    .describe('Numbers beyond this size are cut to it.'),
});
export type LinearParams = z.output<typeof schema>;

export interface LinearState {
  readonly contextFeatures: readonly string[];
  readonly actionFeatures: readonly string[];
  /** One block per (subject and) action, or the shared one. */
  readonly blocks: ReadonlyMap<string, LinearBlock>;
  /** All rewards: the base rate that a new action is expected to earn. */
  readonly rewards: Tally;
}

function initialState(): LinearState {
  return {
    contextFeatures: [],
    actionFeatures: [],
    blocks: new Map(),
    rewards: { weight: 0, sum: 0, at: 0 },
  };
}

/** Features of an action; without any, its id is the feature. */
function featuresOf(action: Action): Context {
  for (const _key in action.features) return action.features;
  return { id: action.id };
}

function actionCapacity(params: LinearParams): number {
  const room = Math.floor(MOST_CROSS_FEATURES / (params.maxContextFeatures + 1));
  return Math.max(1, Math.min(params.maxActionFeatures, room));
}

/** Extends both dictionaries by what the batch brings. */
function learnFeatures(
  state: LinearState,
  batch: readonly RewardedDecision[],
  params: LinearParams,
): LinearState {
  const only = params.attributes.length > 0 ? new Set(params.attributes) : undefined;
  const context: string[] = [];
  const action: string[] = [];
  for (const decision of batch) {
    eachFeature(decision.context, params.featureLimit, (name) => context.push(name), only);
    if (params.sharing === 'shared') {
      eachFeature(featuresOf(decision.action), params.featureLimit, (name) => action.push(name));
    }
  }
  const contextFeatures = learnNames(state.contextFeatures, context, params.maxContextFeatures);
  const actionFeatures = learnNames(state.actionFeatures, action, actionCapacity(params));
  return { ...state, contextFeatures, actionFeatures };
}

/** The block in the layout of `next`; `old` is the state whose layout it has. */
function fitBlock(
  block: LinearBlock | undefined,
  old: LinearState,
  next: LinearState,
  params: LinearParams,
): LinearBlock {
  const size = next.contextFeatures.length + 1;
  if (params.sharing === 'disjoint') return growBlock(block ?? emptyBlock(size), size, (i) => i);
  const dim = 1 + next.actionFeatures.length * size;
  const oldSize = old.contextFeatures.length + 1;
  return growBlock(block ?? emptyBlock(dim), dim, (index) => {
    if (index === 0) return 0;
    const j = Math.floor((index - 1) / oldSize) + 1;
    return crossPosition(j, (index - 1) % oldSize, size);
  });
}

function update(state: LinearState, batch: readonly RewardedDecision[], params: LinearParams): LinearState {
  if (batch.length === 0) return state;
  batch.forEach(checkRewarded);
  const next = learnFeatures(state, batch, params);
  const contextIndex = new FeatureIndex(next.contextFeatures, params.featureLimit);
  const actionIndex = new FeatureIndex(next.actionFeatures, params.featureLimit);
  const rowsByBlock = new Map<string, LinearRow[]>();
  let rewards = state.rewards;
  for (const { action, at, context, reward, subject } of batch) {
    const shared = params.sharing === 'shared';
    const x = contextIndex.vector(context);
    const row = { x: shared ? crossFeatures(x, actionIndex.vector(featuresOf(action))) : x, reward, at };
    const key = shared ? SHARED_KEY : tallyKey(subject, action.id, params.perSubject);
    const rows = rowsByBlock.get(key);
    if (rows === undefined) rowsByBlock.set(key, [row]);
    else rows.push(row);
    rewards = addOne(rewards.weight === 0 ? { ...rewards, at } : rewards, at, reward, params.halfLifeDays);
  }
  const blocks = new Map(state.blocks);
  for (const [key, rows] of rowsByBlock) {
    blocks.set(
      key,
      learnRows(fitBlock(state.blocks.get(key), state, next, params), rows, params.halfLifeDays),
    );
  }
  return { ...next, blocks, rewards };
}

/** Posteriors of the blocks that requests ask for, computed once per compiled snapshot. */
function posteriorCache(state: LinearState, params: LinearParams, base: number) {
  const cache = new Map<string, LinearPosterior | undefined>();
  return (key: string): LinearPosterior | undefined => {
    if (cache.has(key)) return cache.get(key);
    const block = state.blocks.get(key);
    const posterior =
      block === undefined
        ? undefined
        : posteriorOf(
            block,
            params.ridge,
            decayFactor(block.at, state.rewards.at, params.halfLifeDays),
            base,
          );
    cache.set(key, posterior);
    return posterior;
  };
}

function compile(state: LinearState, params: LinearParams): Chooser {
  const base = state.rewards.weight > 0 ? state.rewards.sum / state.rewards.weight : 0;
  const posteriorFor = posteriorCache(state, params, base);
  const contextIndex = new FeatureIndex(state.contextFeatures, params.featureLimit);
  const actionIndex = new FeatureIndex(state.actionFeatures, params.featureLimit);
  const untouched = posteriorOf(emptyBlock(1), params.ridge, 1, base);
  // A full dictionary learns nothing new, so there is no point in exploring what it does not hold.
  const full = state.actionFeatures.length >= actionCapacity(params);
  const novelty = (request: DecisionRequest, x: Float64Array): Float64Array => {
    const perUnit = full ? 0 : dot(x, x, x.length) / params.ridge;
    return Float64Array.from(request.actions, (a) => perUnit * actionIndex.unseenSquares(featuresOf(a)));
  };
  const posterior = (request: DecisionRequest): ScorePosterior => {
    const x = contextIndex.vector(request.context);
    if (params.sharing === 'shared') {
      const vectors = request.actions.map((action) => actionIndex.vector(featuresOf(action)));
      return sharedScores(
        vectors,
        x,
        posteriorFor(SHARED_KEY) ?? untouched,
        novelty(request, x),
        params.scale,
      );
    }
    const forAction = (action: Action) =>
      posteriorFor(tallyKey(request.subject, action.id, params.perSubject));
    return disjointScores(request, x, forAction, base, params.ridge, params.scale);
  };
  return {
    decides: 'action',
    propensity: { kind: 'exact' },
    scores: (request) => posterior(request).mean,
    distribution: (request) => {
      const { mean, sd } = posterior(request);
      return probabilityBest(mean, sd);
    },
  };
}

function encode(state: LinearState): Json {
  return {
    contextFeatures: [...state.contextFeatures],
    actionFeatures: [...state.actionFeatures],
    keys: [...state.blocks.keys()],
    blocks: [...state.blocks.values()].map(encodeBlock),
    rewards: [state.rewards.weight, state.rewards.sum, state.rewards.at],
  };
}

function decode(json: Json): LinearState {
  const stored = stateObject(json);
  const keys = stateTexts(stored['keys'], 'keys');
  const blocks = stored['blocks'];
  const rewards = stored['rewards'];
  if (!Array.isArray(blocks) || blocks.length !== keys.length || !Array.isArray(rewards)) {
    throw new DomainError('invalid_state', `${keys.length} keys do not come with as many blocks`, '/blocks');
  }
  const [weight, sum, at] = rewards.map((value: Json) => stateNumber(value, 'rewards')) as [
    number,
    number,
    number,
  ];
  return {
    contextFeatures: stateTexts(stored['contextFeatures'], 'contextFeatures'),
    actionFeatures: stateTexts(stored['actionFeatures'], 'actionFeatures'),
    blocks: new Map(keys.map((key, i) => [stateText(key, 'keys'), decodeBlock(blocks[i] as Json)])),
    rewards: { weight, sum, at },
  };
}

/**
 * Thompson sampling on a Bayesian linear model of the reward. The score of each action is sampled rather than the
 * weights (the same law when actions share nothing, and no square root of a matrix), and the probability of each
 * action to have the largest score is computed exactly.
 */
export const linearThompson: BanditPolicy<LinearParams, LinearState> = {
  key: 'linear-thompson',
  title: 'Linear Thompson sampling',
  summary:
    'Learns which action suits which context, and plays each as often as it is likely to be the best there.',
  reference: 'Agrawal and Goyal (2013), Thompson sampling for contextual bandits with linear payoffs',
  learns: 'online',
  params: defineParams(schema),
  stateVersion: 1,
  initialState,
  update,
  encode,
  decode,
  compile,
};
