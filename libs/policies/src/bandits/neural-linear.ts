import { defineParams, DomainError } from '#experiments';
import type { Json } from '#experiments';
import { z } from 'zod';
import { decodeFloats, encodeFloats, stateNumber, stateObject, stateText, stateTexts } from '../codec.js';
import type { BanditPolicy, Chooser, DecisionRequest, RewardedDecision } from '../contract.js';
import { normalBelief } from '../sampling/beliefs.js';
import { probabilityBest } from '../sampling/gaussian-best.js';
import { halfLifeDaysField, perSubjectField } from './counting-params.js';
import { attributesField, featureLimitField, maxContextFeaturesField } from './feature-params.js';
import { addOne, checkRewarded, decayFactor, tallyKey } from './decayed-counts.js';
import type { Tally } from './decayed-counts.js';
import { FeatureIndex, learnContextNames } from './features.js';
import { decodeBlock, emptyBlock, encodeBlock, growBlock } from './linear-block.js';
import type { LinearBlock } from './linear-block.js';
import { headOf, headScore, learnRows } from './neural-head.js';
import type { HeadPosterior, HeadRow } from './neural-head.js';
import {
  copyLayer,
  decodeLayer,
  emptyLayer,
  emptyOutput,
  encodeLayer,
  represent,
  trainStep,
  widenLayer,
} from './neural-network.js';
import type { HiddenLayer, OutputUnit } from './neural-network.js';

/** Decisions before the first change of representation; then at every doubling. */
const FIRST_CHANGE = 1024;

const schema = z.object({
  hiddenUnits: z.int().min(1).max(64).default(16).describe('Learned features of the context.'),
  learningRate: z
    .number()
    .min(1e-5)
    .max(1)
    .default(0.05)
    .describe('Step of the training of the representation (AdaGrad).'),
  scale: z
    .number()
    .positive()
    .max(1e6)
    .default(0.1)
    .describe('Width of the posterior that is sampled, in units of the reward.'),
  ridge: z
    .number()
    .min(1e-6)
    .max(1e9)
    .default(4)
    .describe('Strength of the prior: 1 / variance of a weight.'),
  halfLifeDays: halfLifeDaysField.default(null),
  perSubject: perSubjectField,
  attributes: attributesField,
  maxContextFeatures: maxContextFeaturesField(128),
  featureLimit: featureLimitField.default(10),
});
type Params = z.output<typeof schema>;

/** One action: its output in the network that trains, and its linear model on the two representations. */
interface Head {
  readonly output: OutputUnit;
  readonly current: LinearBlock;
  readonly next: LinearBlock;
}

export interface NeuralState {
  readonly names: readonly string[];
  /** The representation that serves, unchanged between doublings, and the one in training; null before any reward. */
  readonly layers: { readonly current: HiddenLayer; readonly next: HiddenLayer } | null;
  readonly heads: ReadonlyMap<string, Head>;
  readonly rows: number;
  readonly rewards: Tally;
}

const initialState = (): NeuralState => ({
  names: [],
  layers: null,
  heads: new Map(),
  rows: 0,
  rewards: { weight: 0, sum: 0, at: 0 },
});

const changes = (rows: number): boolean =>
  rows >= FIRST_CHANGE && Number.isInteger(Math.log2(rows / FIRST_CHANGE));

/** A state being changed in place while a batch is learned; what it holds is its own. */
interface Draft {
  layers: { current: HiddenLayer; next: HiddenLayer };
  heads: Map<string, Head>;
  rows: number;
  rewards: Tally;
}

function draftOf(state: NeuralState, inputs: number, params: Params): Draft {
  const old = state.layers ?? {
    current: emptyLayer(params.hiddenUnits),
    next: emptyLayer(params.hiddenUnits),
  };
  const { units, inputs: known } = old.current;
  const size = inputs + units;
  // Raw inputs come before hidden units.
  const place = (i: number): number => (i < known ? i : i + inputs - known);
  const grown = (values: Float64Array, fill: number): Float64Array => {
    const out = new Float64Array(size).fill(fill);
    values.forEach((value, i) => (out[place(i)] = value));
    return out;
  };
  const heads = new Map<string, Head>();
  for (const [key, head] of state.heads) {
    heads.set(key, {
      output: { weights: grown(head.output.weights, 0), squares: grown(head.output.squares, 1e-3) },
      current: growBlock(head.current, size, place),
      next: growBlock(head.next, size, place),
    });
  }
  const layers = {
    current: widenLayer(old.current, inputs),
    next: copyLayer(widenLayer(old.next, inputs)),
  };
  return { layers, heads, rows: state.rows, rewards: state.rewards };
}

/** Rows of the batch that wait to be added to the blocks, by action. */
type Waiting = Map<string, { current: HeadRow[]; next: HeadRow[] }>;

function settle(draft: Draft, waiting: Waiting, halfLifeDays: number | null): void {
  for (const [key, rows] of waiting) {
    const head = draft.heads.get(key) as Head;
    draft.heads.set(key, {
      output: head.output,
      current: learnRows(head.current, rows.current, halfLifeDays),
      next: learnRows(head.next, rows.next, halfLifeDays),
    });
  }
  waiting.clear();
}

/** The representation in training takes over, with what the heads have learned on it. */
function change(draft: Draft): void {
  draft.layers = { current: copyLayer(draft.layers.next), next: draft.layers.next };
  for (const [key, head] of draft.heads) {
    draft.heads.set(key, { ...head, current: head.next, next: emptyBlock(head.next.dim) });
  }
}

function update(state: NeuralState, batch: readonly RewardedDecision[], params: Params): NeuralState {
  if (batch.length === 0) return state;
  batch.forEach(checkRewarded);
  const names = learnContextNames(state.names, batch, params);
  const index = new FeatureIndex(names, params.featureLimit);
  const draft = draftOf(state, index.size, params);
  const waiting: Waiting = new Map();
  for (const { action, at, context, reward, subject } of batch) {
    const { current, next } = draft.layers;
    const size = index.size + current.units;
    const key = tallyKey(subject, action.id, params.perSubject);
    if (!draft.heads.has(key))
      draft.heads.set(key, { output: emptyOutput(size), current: emptyBlock(size), next: emptyBlock(size) });
    const x = index.vector(context);
    const rows = waiting.get(key) ?? { current: [], next: [] };
    waiting.set(key, rows);
    const features = represent(next, x);
    rows.current.push({ x: represent(current, x), reward, at });
    rows.next.push({ x: features, reward, at });
    const clipped = Math.min(1, Math.max(0, reward));
    trainStep(next, (draft.heads.get(key) as Head).output, x, features, clipped, params.learningRate);
    const { rewards } = draft;
    draft.rewards = addOne(
      rewards.weight === 0 ? { ...rewards, at } : rewards,
      at,
      reward,
      params.halfLifeDays,
    );
    if (!changes(++draft.rows)) continue;
    settle(draft, waiting, params.halfLifeDays);
    change(draft);
  }
  settle(draft, waiting, params.halfLifeDays);
  return { names, ...draft };
}

function compile(state: NeuralState, params: Params): Chooser {
  const base = state.rewards.weight > 0 ? state.rewards.sum / state.rewards.weight : 0;
  const index = new FeatureIndex(state.names, params.featureLimit);
  const posteriors = new Map<string, HeadPosterior | undefined>();
  const posteriorFor = (key: string): HeadPosterior | undefined => {
    if (posteriors.has(key)) return posteriors.get(key);
    const block = state.heads.get(key)?.current;
    const fade = decayFactor(block?.at ?? 0, state.rewards.at, params.halfLifeDays);
    const posterior =
      block === undefined ? undefined : headOf(block, params.ridge, block.at === 0 ? 1 : fade, base);
    posteriors.set(key, posterior);
    return posterior;
  };
  const scoresOf = (request: DecisionRequest) => {
    const x = index.vector(request.context);
    const features = state.layers === null ? x : represent(state.layers.current, x);
    const mean = new Float64Array(request.actions.length);
    const sd = new Float64Array(request.actions.length);
    request.actions.forEach((action, i) => {
      const head = posteriorFor(tallyKey(request.subject, action.id, params.perSubject));
      const score = headScore(head, features, params.ridge, base);
      mean[i] = score.mean;
      sd[i] = params.scale * Math.sqrt(score.variance);
    });
    return { mean, sd };
  };
  return {
    decides: 'action',
    propensity: { kind: 'exact' },
    scores: (request) => scoresOf(request).mean,
    beliefs: (request) => {
      const { mean, sd } = scoresOf(request);
      return Array.from(mean, (at, i) => normalBelief(at, sd[i] as number));
    },
    distribution: (request) => {
      const { mean, sd } = scoresOf(request);
      return probabilityBest(mean, sd);
    },
  };
}

function encode({ heads, layers, names, rewards, rows }: NeuralState): Json {
  return {
    names: [...names],
    layers: layers && { current: encodeLayer(layers.current), next: encodeLayer(layers.next) },
    keys: [...heads.keys()],
    heads: [...heads.values()].map(({ current, next, output }) => ({
      weights: encodeFloats(output.weights),
      squares: encodeFloats(output.squares),
      current: encodeBlock(current),
      next: encodeBlock(next),
    })),
    rows,
    rewards: [rewards.weight, rewards.sum, rewards.at],
  };
}

function decodeHead(json: Json): Head {
  const stored = stateObject(json);
  return {
    output: {
      weights: decodeFloats(stateText(stored['weights'], 'weights')),
      squares: decodeFloats(stateText(stored['squares'], 'squares')),
    },
    current: decodeBlock(stored['current'] as Json),
    next: decodeBlock(stored['next'] as Json),
  };
}

function decode(json: Json): NeuralState {
  const stored = stateObject(json);
  const keys = stateTexts(stored['keys'], 'keys');
  const { heads, rewards } = stored;
  if (!Array.isArray(heads) || heads.length !== keys.length || !Array.isArray(rewards)) {
    throw new DomainError('invalid_state', `${keys.length} keys do not come with as many heads`, '/heads');
  }
  const numbers = rewards.map((value: Json) => stateNumber(value, 'rewards'));
  const [weight, sum, at] = numbers as [number, number, number];
  const layers = stored['layers'] === null ? null : stateObject(stored['layers'] as Json);
  return {
    names: stateTexts(stored['names'], 'names'),
    layers: layers && { current: decodeLayer(layers['current']), next: decodeLayer(layers['next']) },
    heads: new Map(keys.map((key, i) => [key, decodeHead(heads[i] as Json)])),
    rows: stateNumber(stored['rows'], 'rows'),
    rewards: { weight, sum, at },
  };
}

/**
 * Thompson sampling on a representation that is learned: a small network is trained on every reward, and at each
 * doubling of the log its hidden layer becomes the features of exact Bayesian linear models, one per action. Between
 * doublings the representation stands still, so the models' precision is that of the features they serve.
 */
export const neuralLinear: BanditPolicy<Params, NeuralState> = {
  key: 'neural-linear',
  title: 'Neural-linear Thompson sampling',
  summary:
    'Learns features of the context by a small neural network, and plays each action as often as a Bayesian linear ' +
    'model on them finds it likely to be the best.',
  reference: 'Riquelme, Tucker and Snoek (2018), Deep Bayesian bandits showdown',
  learns: 'online',
  params: defineParams(schema),
  stateVersion: 1,
  initialState,
  update,
  encode,
  decode,
  compile,
};
