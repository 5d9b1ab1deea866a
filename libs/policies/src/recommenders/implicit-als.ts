import { defineParams, DomainError } from '#experiments';
import type { Json, Rng } from '#experiments';
import { z } from 'zod';
import {
  decodeFloats,
  decodeFloats32,
  encodeFloats,
  encodeFloats32,
  stateNumber,
  stateObject,
  stateText,
  stateTexts,
} from '../codec.js';
import type {
  DecisionRequest,
  FitProgress,
  FitStart,
  Ranker,
  RecommenderPolicy,
  TrainingSet,
} from '../contract.js';
import { retrievalParams } from '../retrieval/embedding.js';
import { retrieving } from '../retrieval/retrieval.js';
import { alternatingLeastSquares, gramOf, RowSolver, sparseRows, transposeRows } from './als-solver.js';
import type { AlsWeights } from './als-solver.js';
import { warmRows } from './warm-rows.js';
import { knownHistory } from './history.js';

const schema = z.object({
  dimension: z.int().min(1).max(512).default(64).describe('Length of the factor vectors.'),
  iterations: z.int().min(1).max(200).default(16).describe('Sweeps over members and items.'),
  unobserved: z
    .number()
    .positive()
    .max(1)
    .default(0.3)
    .describe('Weight of a pair nobody has seen against an observed one (alpha_0).'),
  regularisation: z
    .number()
    .positive()
    .max(1e3)
    .default(0.01)
    .describe('Strength of the regularisation (lambda).'),
  frequency: z
    .number()
    .min(0)
    .max(1)
    .default(1)
    .describe('Exponent of the frequency scaling (nu): 1 regularises in proportion to the number of pairs.'),
  confidence: z
    .enum(['binary', 'value'])
    .default('binary')
    .describe('binary: seen or not. value: the strength of the signal is the weight of the pair.'),
  historyLimit: z
    .int()
    .min(1)
    .max(10_000)
    .default(2_000)
    .describe('Newest items of the history that are folded in; bounds the time of a request.'),
  ...retrievalParams,
});
type Params = z.output<typeof schema>;

export interface AlsState {
  readonly dimension: number;
  readonly items: readonly string[];
  /** items.length rows of `dimension` floats. */
  readonly factors: Float32Array;
  /** Members per item, as a share of the most popular item's: the fallback score. */
  readonly popularity: Float64Array;
}

const weightsOf = (params: Params): AlsWeights => ({
  unobserved: params.unobserved,
  regularisation: params.regularisation,
  frequency: params.frequency,
});

/** Share of the sweeps that a fit takes which begins with learned factors. */
const WARM = 0.25;

function fit(
  data: TrainingSet,
  params: Params,
  rng: Rng,
  progress: FitProgress,
  { checkpoints, from }: FitStart<AlsState> = {},
): AlsState {
  const ones = new Float64Array(data.item.length).fill(1);
  const byUnit = sparseRows(
    data.units.length,
    data.unit,
    data.item,
    params.confidence === 'value' ? data.value : ones,
  );
  if (params.confidence === 'binary') byUnit.weights.fill(1);
  const byItem = transposeRows(byUnit, data.items.length);
  const { dimension, iterations } = params;
  const factors = alternatingLeastSquares(
    byUnit,
    byItem,
    dimension,
    from ? Math.ceil(WARM * iterations) : iterations,
    weightsOf(params),
    rng,
    progress,
    {
      ...(checkpoints ? { checkpoints } : {}),
      ...(from ? { from: warmRows(from.factors, dimension, from.items, data) } : {}),
    },
  );
  const members = Float64Array.from(
    data.items,
    (_, i) => (byItem.start[i + 1] as number) - (byItem.start[i] as number),
  );
  const most = members.reduce((top, count) => Math.max(top, count), 1);
  return {
    dimension,
    items: [...data.items],
    factors: Float32Array.from(factors),
    popularity: members.map((count) => count / most),
  };
}

function compile(state: AlsState, params: Params): Ranker {
  const { dimension, items, popularity } = state;
  const factors = Float64Array.from(state.factors);
  const position = new Map(items.map((id, index) => [id, index]));
  const gram = gramOf(factors, items.length, dimension);
  const solver = new RowSolver(dimension, weightsOf(params), items.length);
  const member = new Float64Array(dimension);
  const ones = new Float64Array(params.historyLimit).fill(1);
  /** Folds the member in. @returns false where nothing is known of them. */
  const foldIn = ({ context }: DecisionRequest): boolean => {
    const known = new Set(knownHistory(context, position, params.historyLimit));
    if (known.size > 0) solver.solve(factors, gram, Uint32Array.from(known), ones, member);
    return known.size > 0;
  };
  return {
    decides: 'slate',
    scores: (request) => {
      // Items the model has not met score 0, its guess for any pair that was not observed.
      const scores = new Float64Array(request.actions.length);
      const isKnown = foldIn(request);
      request.actions.forEach(({ id }, i) => {
        const index = position.get(id);
        if (index === undefined) return;
        scores[i] = isKnown ? product(member, factors, index * dimension) : (popularity[index] as number);
      });
      return scores;
    },
    ...retrieving(items, params.retrieved, () => ({
      items,
      dimension,
      rows: state.factors,
      biases: null,
      popularity,
      query: (request) => (foldIn(request) ? Float32Array.from(member) : null),
    })),
    vectors: ({ actions }) => {
      const rows = new Float64Array(actions.length * dimension);
      actions.forEach(({ id }, i) => {
        const base = (position.get(id) ?? -1) * dimension;
        if (base >= 0) rows.set(factors.subarray(base, base + dimension), i * dimension);
      });
      return { dimension, rows };
    },
  };
}

function product(member: Float64Array, factors: Float64Array, base: number): number {
  let sum = 0;
  for (let j = 0; j < member.length; j++) sum += (member[j] as number) * (factors[base + j] as number);
  return sum;
}

function encode(state: AlsState): Json {
  return {
    dimension: state.dimension,
    items: [...state.items],
    factors: encodeFloats32(state.factors),
    popularity: encodeFloats(state.popularity),
  };
}

function decode(json: Json): AlsState {
  const stored = stateObject(json);
  const dimension = stateNumber(stored['dimension'], 'dimension');
  const items = stateTexts(stored['items'], 'items');
  const factors = decodeFloats32(stateText(stored['factors'], 'factors'));
  const popularity = decodeFloats(stateText(stored['popularity'], 'popularity'));
  if (factors.length !== items.length * dimension || popularity.length !== items.length) {
    throw new DomainError(
      'invalid_state',
      `${items.length} items come with ${factors.length} factors`,
      '/factors',
    );
  }
  return { dimension, items, factors, popularity };
}

/**
 * Matrix factorisation of implicit feedback. The state holds item factors only: whoever asks is folded in from
 * `context.history`, the ids of the items the member watched lately, newest last, by the same least squares as in
 * training. New members are served from their first play on, and nothing about a member is kept in a snapshot.
 * Without any known item in the history the score is popularity.
 */
export const implicitAls: RecommenderPolicy<Params, AlsState> = {
  key: 'implicit-als',
  title: 'Implicit matrix factorisation (ALS)',
  summary:
    'Finds the tastes behind what members watched and ranks titles by how well they fit the recent history.',
  reference:
    'Hu, Koren, Volinsky (2008), Collaborative filtering for implicit feedback datasets; ' +
    'Rendle, Krichene, Zhang, Koren (2021), Revisiting the performance of iALS on item recommendation benchmarks',
  learns: 'batch',
  params: defineParams(schema),
  stateVersion: 1,
  fit,
  canBeginWith: ({ dimension }, params) => dimension === params.dimension,
  encode,
  decode,
  compile,
};
