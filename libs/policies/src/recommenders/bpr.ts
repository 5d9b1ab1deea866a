import { defineParams, DomainError } from '#experiments';
import type { Json, Rng } from '#experiments';
import { z } from 'zod';
import { decodeFloats32, encodeFloats32, stateNumber, stateObject, stateText, stateTexts } from '../codec.js';
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
import { BprFoldIn } from './bpr-fold-in.js';
import { trainBpr } from './bpr-trainer.js';
import type { ItemFactors } from './bpr-trainer.js';
import { knownHistory } from './history.js';
import { interactionsOf } from './interactions.js';

const schema = z.object({
  dimension: z.int().min(1).max(512).default(64).describe('Length of the factor vectors.'),
  epochs: z.int().min(1).max(1_000).default(40).describe('Passes over all pairs.'),
  batch: z
    .int()
    .min(1)
    .max(100_000)
    .default(2_048)
    .describe('Pairs per step, at most; small data are cut into 32 steps.'),
  rate: z.number().positive().max(1).default(0.002).describe('Step size of Adam.'),
  regularisation: z
    .number()
    .min(0)
    .max(10)
    .default(0.02)
    .describe('Weight of the squared length of every vector that a pair touches.'),
  historyLimit: z
    .int()
    .min(1)
    .max(2_000)
    .default(500)
    .describe('Newest items of the history that are folded in; bounds the time of a request.'),
  ...retrievalParams,
});
type Params = z.output<typeof schema>;

interface State extends ItemFactors {
  readonly dimension: number;
  readonly items: readonly string[];
  readonly popularity: Float32Array;
}

function fit(
  data: TrainingSet,
  params: Params,
  rng: Rng,
  progress: FitProgress,
  { checkpoints }: FitStart<State> = {},
): State {
  const { byUnit, popularity } = interactionsOf(data);
  const model = trainBpr(byUnit, data.items.length, params, rng, progress, checkpoints);
  return { dimension: params.dimension, items: [...data.items], ...model, popularity };
}

function compile(state: State, params: Params): Ranker {
  const { dimension, items, popularity } = state;
  const factors = Float64Array.from(state.factors);
  const biases = Float64Array.from(state.biases);
  const position = new Map(items.map((id, index) => [id, index]));
  const foldIn = new BprFoldIn(factors, biases, dimension, params.regularisation);
  const lowest = biases.reduce((least, bias) => Math.min(least, bias), 0);
  const memberOf = ({ context }: DecisionRequest): Float64Array | null => {
    const own = [...new Set(knownHistory(context, position, params.historyLimit))];
    return own.length > 0 ? foldIn.solve(own) : null;
  };
  return {
    decides: 'slate',
    ...retrieving(items, params.retrieved, () => ({
      items,
      dimension,
      rows: state.factors,
      biases: state.biases,
      popularity,
      query: (request) => {
        const member = memberOf(request);
        return member && Float32Array.from(member);
      },
    })),
    scores: (request) => {
      const member = memberOf(request);
      return Float64Array.from(request.actions, ({ id }) => {
        const index = position.get(id);
        // Unknown titles: as one that nobody has, by bias or by popularity.
        if (index === undefined) return member === null ? 0 : lowest;
        if (member === null) return popularity[index] as number;
        let score = biases[index] as number;
        for (let k = 0; k < dimension; k++)
          score += (member[k] as number) * (factors[index * dimension + k] as number);
        return score;
      });
    },
  };
}

function encode(state: State): Json {
  return {
    dimension: state.dimension,
    items: [...state.items],
    factors: encodeFloats32(state.factors),
    biases: encodeFloats32(state.biases),
    popularity: encodeFloats32(state.popularity),
  };
}

/** @throws DomainError `invalid_state`. */
function decode(json: Json): State {
  const stored = stateObject(json);
  const dimension = stateNumber(stored['dimension'], 'dimension');
  const items = stateTexts(stored['items'], 'items');
  const floats = (field: string): Float32Array => decodeFloats32(stateText(stored[field], field));
  const [factors, biases, popularity] = [floats('factors'), floats('biases'), floats('popularity')];
  if (
    factors.length !== items.length * dimension ||
    biases.length !== items.length ||
    popularity.length !== items.length
  ) {
    throw new DomainError(
      'invalid_state',
      `${items.length} items come with ${factors.length} factors`,
      '/factors',
    );
  }
  return { dimension, items, factors, biases, popularity };
}

/**
 * Matrix factorisation that is trained to put what a member has above what the member does not have. As with
 * `implicit-als` the state holds items only: whoever asks is folded in from `context.history`, by the objective of the
 * training over the member's vector alone.
 */
export const bpr: RecommenderPolicy<Params, State> = {
  key: 'bpr',
  title: 'Factorisation for ranking (BPR)',
  summary:
    'Learns tastes from comparisons: what a member watched should stand above what the member did not.',
  reference:
    'Rendle, Freudenthaler, Gantner, Schmidt-Thieme (2009), BPR: Bayesian personalized ranking from implicit feedback',
  learns: 'batch',
  params: defineParams(schema),
  stateVersion: 1,
  fit,
  encode,
  decode,
  compile,
};
