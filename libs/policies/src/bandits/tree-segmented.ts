import { defineParams, DomainError } from '#experiments';
import type { Json } from '#experiments';
import { z } from 'zod';
import { decodeFloats, encodeFloats, stateNumber, stateObject, stateText, stateTexts } from '../codec.js';
import type { BanditPolicy, Chooser, DecisionRequest, RewardedDecision } from '../contract.js';
import { betaBelief } from '../sampling/beliefs.js';
import { probabilityBestBeta } from '../sampling/beta-best.js';
import { halfLifeDaysField, perSubjectField } from './counting-params.js';
import { featureLimitField } from './feature-params.js';
import { checkRewarded, tallyKey } from './decayed-counts.js';
import { FeatureIndex, learnContextNames } from './features.js';
import { rememberBySubjectAndActions } from './snapshot-cache.js';
import { bestSplit, childLeaves, emptyLeaf, learnRow, leafTally, widened } from './tree-leaf.js';
import type { Leaf } from './tree-leaf.js';

const schema = z.object({
  priorStrength: z
    .number()
    .min(0.1)
    .max(1e6)
    .default(2)
    .describe('Decisions that the base rate of a segment counts as, for every action in it.'),
  minDecisions: z
    .int()
    .min(50)
    .max(1_000_000)
    .default(200)
    .describe('Decisions in a segment before it may be split.'),
  splitLevel: z
    .number()
    .min(1e-12)
    .max(0.5)
    .default(0.001)
    .describe('Significance level, over all features, at which a segment is split.'),
  maxSegments: z.int().min(1).max(256).default(64).describe('Segments the tree may grow.'),
  halfLifeDays: halfLifeDaysField.default(null),
  perSubject: perSubjectField,
  attributes: z
    .array(z.string().min(1).max(100))
    .max(100)
    .default([])
    .describe('Context attributes the tree may split on; empty: all but `history`.'),
  maxContextFeatures: z
    .int()
    .min(1)
    .max(128)
    .default(32)
    .describe('Context features looked at, first come first served.'),
  featureLimit: featureLimitField.default(100),
});
type Params = z.output<typeof schema>;

/** Nodes in the order in which they were made; node 0 is the root. `low` holds values up to the threshold. */
type Node =
  | { readonly leaf: Leaf }
  | { readonly feature: number; readonly threshold: number; readonly low: number; readonly high: number };

export interface TreeState {
  readonly names: readonly string[];
  readonly nodes: readonly Node[];
}

const initialState = (): TreeState => ({ names: [], nodes: [{ leaf: emptyLeaf(0) }] });

function leafOf(nodes: readonly Node[], x: Float64Array): number {
  let at = 0;
  for (;;) {
    const node = nodes[at] as Node;
    if ('leaf' in node) return at;
    at = (x[node.feature + 1] as number) > node.threshold ? node.high : node.low;
  }
}

const clip = (reward: number): number => Math.min(1, Math.max(0, reward));

/** Decisions of a segment between two looks at its splits. */
const LOOK_EVERY = 50;

function update(state: TreeState, batch: readonly RewardedDecision[], params: Params): TreeState {
  if (batch.length === 0) return state;
  batch.forEach(checkRewarded);
  const names = learnContextNames(state.names, batch, params);
  const index = new FeatureIndex(names, params.featureLimit);
  const nodes = [...state.nodes];
  const fresh = new Set<Leaf>();
  for (const { action, at, context, reward, subject } of batch) {
    const x = index.vector(context);
    const place = leafOf(nodes, x);
    let { leaf } = nodes[place] as { leaf: Leaf };
    if (!fresh.has(leaf)) {
      leaf = widened(leaf, names.length);
      fresh.add(leaf);
      nodes[place] = { leaf };
    }
    const key = tallyKey(subject, action.id, params.perSubject);
    learnRow(leaf, key, x, clip(reward), at, params.halfLifeDays);
    if (leaf.rows % LOOK_EVERY === 0) split(nodes, place, leaf, params).forEach((child) => fresh.add(child));
  }
  return { names, nodes };
}

/** Replaces a leaf by a split where one is significant. @returns the new leaves. */
function split(nodes: Node[], place: number, leaf: Leaf, params: Params): Leaf[] {
  if (leaf.rows < params.minDecisions || (nodes.length + 1) / 2 >= params.maxSegments) return [];
  const feature = bestSplit(leaf, params.splitLevel);
  if (feature === undefined) return [];
  const [low, high] = childLeaves(leaf, feature);
  const threshold = leaf.thresholds[feature] as number;
  nodes[place] = { feature, threshold, low: nodes.length, high: nodes.length + 1 };
  nodes.push({ leaf: low }, { leaf: high });
  return [low, high];
}

interface Answer {
  readonly distribution: Float64Array;
  readonly means: Float64Array;
  readonly alpha: Float64Array;
  readonly beta: Float64Array;
}

/** Thompson sampling in one segment; actions start from the segment's base rate. */
function answer(leaf: Leaf, request: DecisionRequest, params: Params): Answer {
  const count = request.actions.length;
  let weight = 2;
  let sum = 1;
  for (const tally of leaf.arms.values()) {
    weight += tally.weight;
    sum += tally.sum;
  }
  const base = sum / weight;
  const alpha = new Float64Array(count);
  const beta = new Float64Array(count);
  const means = new Float64Array(count);
  request.actions.forEach(({ id }, i) => {
    const tally = leafTally(leaf, tallyKey(request.subject, id, params.perSubject));
    alpha[i] = params.priorStrength * base + tally.sum;
    beta[i] = params.priorStrength * (1 - base) + Math.max(0, tally.weight - tally.sum);
    means[i] = (alpha[i] as number) / ((alpha[i] as number) + (beta[i] as number));
  });
  return { distribution: probabilityBestBeta(alpha, beta), means, alpha, beta };
}

function compile(state: TreeState, params: Params): Chooser {
  const index = new FeatureIndex(state.names, params.featureLimit);
  const answers = new Map<Leaf, (request: DecisionRequest) => Answer>();
  const answerOf = (request: DecisionRequest): Answer => {
    const { leaf } = state.nodes[leafOf(state.nodes, index.vector(request.context))] as { leaf: Leaf };
    let known = answers.get(leaf);
    if (known === undefined) {
      known = rememberBySubjectAndActions((asked) => answer(leaf, asked, params));
      answers.set(leaf, known);
    }
    return known(request);
  };
  return {
    decides: 'action',
    propensity: { kind: 'exact' },
    distribution: (request) => answerOf(request).distribution,
    scores: (request) => answerOf(request).means,
    beliefs: (request) => {
      const { alpha, beta } = answerOf(request);
      return Array.from(alpha, (a, i) => betaBelief(a, beta[i] as number));
    },
  };
}

function encodeLeaf({ arms, at, rows, sums, thresholds, settled }: Leaf): Json {
  return {
    at,
    rows,
    settled,
    sums: encodeFloats(sums),
    thresholds: encodeFloats(thresholds),
    keys: [...arms.keys()],
    arms: [...arms.values()].map((arm) =>
      encodeFloats(Float64Array.of(arm.weight, arm.sum, arm.splitWeight, arm.splitSum, ...arm.high)),
    ),
  };
}

function decodeLeaf(json: Json): Leaf {
  const stored = stateObject(json);
  const keys = stateTexts(stored['keys'], 'keys');
  const packed = stateTexts(stored['arms'], 'arms').map(decodeFloats);
  const sums = decodeFloats(stateText(stored['sums'], 'sums'));
  if (packed.length !== keys.length || packed.some((arm) => arm.length !== 4 + 2 * sums.length)) {
    throw new DomainError('invalid_state', 'the stored counts do not fit the stored features', '/arms');
  }
  const arms = packed.map(([weight, sum, splitWeight, splitSum, ...high]) => ({
    weight: weight as number,
    sum: sum as number,
    splitWeight: splitWeight as number,
    splitSum: splitSum as number,
    high: Float64Array.from(high),
  }));
  return {
    at: stateNumber(stored['at'], 'at'),
    rows: stateNumber(stored['rows'], 'rows'),
    settled: stored['settled'] === true,
    sums,
    thresholds: decodeFloats(stateText(stored['thresholds'], 'thresholds')),
    arms: new Map(keys.map((key, i) => [key, arms[i] as (typeof arms)[number]])),
  };
}

function encode(state: TreeState): Json {
  return {
    names: [...state.names],
    nodes: state.nodes.map((node) =>
      'leaf' in node
        ? { leaf: encodeLeaf(node.leaf) }
        : { feature: node.feature, threshold: node.threshold, low: node.low, high: node.high },
    ),
  };
}

function decode(json: Json): TreeState {
  const stored = stateObject(json);
  const nodes = stored['nodes'];
  if (!Array.isArray(nodes) || nodes.length === 0) {
    throw new DomainError('invalid_state', 'the stored tree has no nodes', '/nodes');
  }
  return {
    names: stateTexts(stored['names'], 'names'),
    nodes: nodes.map((item: Json, place): Node => {
      const node = stateObject(item);
      if (node['leaf'] !== undefined) return { leaf: decodeLeaf(node['leaf']) };
      const [low, high] = [stateNumber(node['low'], 'low'), stateNumber(node['high'], 'high')];
      // Children come after their parent, so a walk down always ends.
      if (!(low > place && high > place && low < nodes.length && high < nodes.length)) {
        throw new DomainError('invalid_state', `node ${place} of the stored tree leads nowhere`, '/nodes');
      }
      const feature = stateNumber(node['feature'], 'feature');
      return { feature, threshold: stateNumber(node['threshold'], 'threshold'), low, high };
    }),
  };
}

/**
 * Segments contexts by a tree that grows with the log, and plays Thompson sampling in each segment. A segment splits
 * where a likelihood-ratio test says that its actions earn differently on the two sides; its counts are divided, so
 * nothing is learned twice.
 */
export const treeSegmented: BanditPolicy<Params, TreeState> = {
  key: 'tree-segmented',
  title: 'Tree of segments',
  summary:
    'Splits contexts into segments that can be read and explained, and learns in each of them which action earns most.',
  reference:
    'Elmachtoub, McNellis, Oh and Petrik (2017), A practical method for solving contextual bandit problems using ' +
    'decision trees; Domingos and Hulten (2000), Mining high-speed data streams',
  learns: 'online',
  leastReward: 0,
  params: defineParams(schema),
  stateVersion: 1,
  initialState,
  update,
  encode,
  decode,
  compile,
};
