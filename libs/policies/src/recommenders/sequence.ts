import { defineParams, DomainError, createRng } from '#experiments';
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
import type { Parameters } from '../nets/parameters.js';
import { SEQUENCE_CELLS, SequenceNet } from '../nets/sequence-net.js';
import type { SequenceCell } from '../nets/sequence-net.js';
import {
  decodeVocabulary,
  encodeVocabulary,
  historySteps,
  sequencesOf,
  signalSizes,
} from './sequence-signals.js';
import type { SignalVocabulary } from './sequence-signals.js';
import { beginWith } from './sequence-warm.js';
import { trainSequences } from './sequence-training.js';

const schema = z.object({
  cell: z
    .enum(SEQUENCE_CELLS)
    .default('self-attention')
    .describe('What reads the sequence: self-attention, or gated recurrent units (gru, lstm).'),
  dimension: z.int().min(4).max(512).default(64).describe('Length of the item vectors.'),
  length: z.int().min(2).max(500).default(50).describe('Newest items of the history that are read.'),
  blocks: z.int().min(1).max(8).default(2).describe('Blocks of self-attention, one on top of the other.'),
  dropout: z
    .number()
    .min(0)
    .max(0.9)
    .default(0.4)
    .describe('Share of values that is dropped in training; published gru networks take 0.3.'),
  learningRate: z
    .number()
    .min(1e-6)
    .max(1)
    .default(0.003)
    .describe('First step of the optimiser, which falls to a twentieth; published gru networks take 0.004.'),
  epochs: z.int().min(1).max(1_000).default(28).describe('Passes over the histories.'),
  batch: z.int().min(1).max(1_024).default(32).describe('Windows of history per step of the optimiser.'),
  validation: z
    .number()
    .min(0)
    .max(0.5)
    .default(0)
    .describe(
      'Share of members whose last five events are kept from training, to see when to stop; 0: every pass is run, on everything.',
    ),
  patience: z
    .int()
    .min(1)
    .max(100)
    .default(5)
    .describe('Passes in a row with a worse ranking of those events after which the training stops.'),
  memoryMb: z
    .int()
    .min(16)
    .max(4_000)
    .default(2_000)
    .describe('Megabytes that the network may take in training; a run that needs more fails at once.'),
  ...retrievalParams,
});
type Params = z.output<typeof schema>;

export interface SequenceState {
  readonly cell: SequenceCell;
  readonly dimension: number;
  readonly length: number;
  readonly blocks: number;
  readonly items: readonly string[];
  readonly signals: SignalVocabulary;
  /** All weights, in the order in which the network declares them. */
  readonly weights: Float32Array;
  /** Events per item, as a share of the most frequent one's: the score without a history. */
  readonly popularity: Float64Array;
}

function popularityOf(data: TrainingSet): Float64Array {
  const counts = new Float64Array(data.items.length);
  for (const item of data.item) counts[item] = (counts[item] as number) + 1;
  const most = counts.reduce((top, count) => Math.max(top, count), 1);
  return counts.map((count) => count / most);
}

/** A fit that begins with learned weights takes this share of the passes, at this share of the rate. */
const WARM = { epochs: 0.25, rate: 0.25 };

function fit(
  data: TrainingSet,
  params: Params,
  rng: Rng,
  progress: FitProgress,
  { checkpoints, from }: FitStart<SequenceState> = {},
): SequenceState {
  const { cell, dimension, length, blocks, learningRate: rate } = params;
  const { sequences, vocabulary } = sequencesOf(data);
  const warm = { rate: rate * WARM.rate, epochs: Math.ceil(params.epochs * WARM.epochs) };
  const weights = trainSequences(
    sequences,
    { ...params, items: data.items.length, signals: signalSizes(vocabulary) },
    { ...params, rate, ...(from ? warm : {}) },
    rng,
    progress,
    {
      ...(checkpoints ? { checkpoints } : {}),
      ...(from ? { from: (parameters: Parameters) => beginWith(parameters, from, data, vocabulary) } : {}),
    },
  );
  const popularity = popularityOf(data);
  return {
    cell,
    dimension,
    length,
    blocks,
    items: [...data.items],
    signals: vocabulary,
    weights,
    popularity,
  };
}

/** The network of a state, for serving: a batch of one. */
function networkOf(state: SequenceState): SequenceNet {
  const { blocks, cell, dimension, items, length } = state;
  const signals = signalSizes(state.signals);
  const shape = { blocks, cell, dimension, length, items: items.length, signals, batch: 1, dropout: 0 };
  const net = new SequenceNet({ ...shape, trained: false }, createRng('replaced by the snapshot'));
  net.parameters.restore(state.weights);
  return net;
}

function compile(state: SequenceState, { retrieved }: Params): Ranker {
  const { items, length, popularity } = state;
  const position = new Map(items.map((id, index) => [id, index]));
  const net = networkOf(state);
  const vectorOf = (request: DecisionRequest): Float32Array | undefined => {
    const history = historySteps(request, position, length, state.signals);
    return history.items.length > 0 ? net.encode(history) : undefined;
  };
  // Items that the model has not met come after all that it knows to be possible.
  return {
    decides: 'slate',
    ...retrieving(items, retrieved, () => ({
      items,
      dimension: state.dimension,
      ...net.titles(),
      popularity,
      query: (request) => vectorOf(request) ?? null,
    })),
    scores: (request) => {
      const vector = vectorOf(request);
      const scores = new Float64Array(request.actions.length);
      let lowest = 0;
      request.actions.forEach(({ id }, i) => {
        const index = position.get(id);
        if (index === undefined) return;
        scores[i] = vector === undefined ? (popularity[index] as number) : net.score(vector, index);
        lowest = Math.min(lowest, scores[i]);
      });
      request.actions.forEach(({ id }, i) => {
        if (!position.has(id)) scores[i] = lowest;
      });
      return scores;
    },
  };
}

function encode(state: SequenceState): Json {
  return {
    cell: state.cell,
    dimension: state.dimension,
    length: state.length,
    blocks: state.blocks,
    items: [...state.items],
    signals: encodeVocabulary(state.signals),
    weights: encodeFloats32(state.weights),
    popularity: encodeFloats(state.popularity),
  };
}

/** @throws DomainError `invalid_state`, also where the weights do not fit the network. */
function decode(json: Json): SequenceState {
  const stored = stateObject(json);
  const name = stateText(stored['cell'], 'cell');
  const cell = SEQUENCE_CELLS.find((known) => known === name);
  if (cell === undefined) throw new DomainError('invalid_state', `the cell "${name}" is not known`, '/cell');
  const state: SequenceState = {
    cell,
    dimension: stateNumber(stored['dimension'], 'dimension'),
    length: stateNumber(stored['length'], 'length'),
    blocks: stateNumber(stored['blocks'], 'blocks'),
    items: stateTexts(stored['items'], 'items'),
    signals: decodeVocabulary(stored['signals']),
    weights: decodeFloats32(stateText(stored['weights'], 'weights')),
    popularity: decodeFloats(stateText(stored['popularity'], 'popularity')),
  };
  if (state.popularity.length !== state.items.length) {
    throw new DomainError('invalid_state', `${state.items.length} items come with another number of counts`);
  }
  networkOf(state);
  return state;
}

/**
 * Next title from the order of the last ones, by a network that reads the sequence and predicts a distribution over all titles at
 * every step. Besides the titles it reads how each step ended (completed, skipped...), the time to the next one and the device, where
 * training and request know them. Nothing about a member is kept: the history comes with the request (`context.history`, ids, newest last), so a new
 * member is served from the first play on. Without any known title in it the score is popularity.
 */
export const sequence: RecommenderPolicy<Params, SequenceState> = {
  key: 'sequence',
  title: 'Sequence network',
  summary: 'Reads the last titles in their order and ranks titles by how likely each is to come next.',
  reference:
    'Kang, McAuley (2018), Self-attentive sequential recommendation; Hidasi, Karatzoglou, Baltrunas, Tikk (2016), ' +
    'Session-based recommendations with recurrent neural networks; Klenitskiy, Vasilev (2023), Turning dross into gold loss',
  learns: 'batch',
  params: defineParams(schema),
  stateVersion: 1,
  needs: () => ({ contexts: false, tasks: [], signals: true }),
  fit,
  canBeginWith: (state, params) =>
    (['cell', 'dimension', 'length', 'blocks'] as const).every((name) => state[name] === params[name]),
  encode,
  decode,
  compile,
};
