import { defineParams, DomainError } from '#experiments';
import type { Json, Rng } from '#experiments';
import { z } from 'zod';
import {
  decodeFloats,
  decodeFloats32,
  encodeFloats,
  encodeFloats32,
  stateObject,
  stateNumber,
  stateText,
} from '../codec.js';
import type { DecisionRequest, Ranker, RecommenderPolicy, TrainingSet } from '../contract.js';
import { attributeParams } from './titles/attributes.js';
import { memberWeights } from './titles/member.js';
import { memberParams } from './titles/params.js';
import { membersPerTitle, shares } from './titles/popularity.js';
import { NearestTitles } from './titles/nearest.js';
import { dot, ridgeInverse, ridgeWeights, withConstant } from './titles/ridge.js';
import type { RidgeInverse } from './titles/ridge.js';
import {
  buildTable,
  decodeTable,
  encodeTable,
  inverseFrequencies,
  normalised,
  normalisedRows,
  TitleReader,
} from './titles/table.js';
import type { SparseVector, TitleTable } from './titles/table.js';

const schema = z.object({
  mode: z
    .enum(['ridge', 'profile', 'neighbours'])
    .default('ridge')
    .describe(
      'ridge: a regression per member from attributes to what they watched. profile: the mean of what they watched. ' +
        'neighbours: the titles most alike to what they watched.',
    ),
  regularisation: z
    .number()
    .positive()
    .max(1e6)
    .default(3)
    .describe('Strength of the regularisation of the ridge (lambda).'),
  constant: z
    .number()
    .min(0)
    .max(100)
    .default(0.3)
    .describe('Size of the attribute that every title has, in the ridge: how freely the mean is fitted.'),
  neighbours: z.int().min(1).max(10_000).default(20).describe('Most alike titles that count per candidate.'),
  ...memberParams,
  ...attributeParams,
});
type Params = z.output<typeof schema>;

export interface ContentState {
  readonly table: TitleTable;
  /** Members per title, as a share of the most popular title's; 0: nobody has watched it. */
  readonly popularity: Float64Array;
  /** Over the watched titles, in the order of the table; of no titles outside the mode ridge. */
  readonly ridge: RidgeInverse;
}

const NO_RIDGE: RidgeInverse = { side: 'rows', size: 0, inverse: new Float32Array(0) };

/** The places of the titles that somebody has watched. */
function watchedOf(popularity: Float64Array): number[] {
  return [...popularity.keys()].filter((i) => (popularity[i] as number) > 0);
}

/** Normalised rows with the constant. */
function regressors(table: TitleTable, reader: TitleReader, constant: number): SparseVector[] {
  return normalisedRows(table, reader).map((row) => withConstant(row, table.names.length, constant));
}

function fit(data: TrainingSet, params: Params, _rng: Rng, progress: (share: number) => void): ContentState {
  const table = buildTable(data.items, data.itemFeatures, params);
  const popularity = shares(membersPerTitle(data));
  progress(0.2);
  if (params.mode !== 'ridge') {
    progress(1);
    return { table, popularity, ridge: NO_RIDGE };
  }
  const all = regressors(table, new TitleReader(table, params), params.constant);
  const rows = watchedOf(popularity).map((i) => all[i] as SparseVector);
  const ridge = ridgeInverse(rows, table.names.length + 1, params.regularisation);
  progress(1);
  return { table, popularity, ridge };
}

/** Scores one title, known (by its place) or new, for the member of one request. */
type Scorer = (title: SparseVector, index: number | undefined) => number;

/** Makes a scorer from the member's weights by place in the table. */
type Mode = (member: ReadonlyMap<number, number>) => Scorer;

function ridgeMode({ table, popularity, ridge }: ContentState, params: Params, reader: TitleReader): Mode {
  const all = regressors(table, reader, params.constant);
  const watched = watchedOf(popularity);
  const rows = watched.map((i) => all[i] as SparseVector);
  const rowOf = new Map(watched.map((i, r) => [i, r]));
  const width = table.names.length + 1;
  return (member) => {
    const target = new Map<number, number>();
    for (const [index, weight] of member) {
      const row = rowOf.get(index);
      if (row !== undefined) target.set(row, weight);
    }
    const weights = ridgeWeights(ridge, rows, width, target);
    const mean = (weights[width - 1] as number) * params.constant;
    return (title) => dot(title, weights) + mean;
  };
}

function profileMode({ table }: ContentState, reader: TitleReader): Mode {
  const rows = normalisedRows(table, reader);
  return (member) => {
    const profile = new Float64Array(table.names.length);
    let total = 0;
    for (const [index, weight] of member) {
      const { columns, values } = rows[index] as SparseVector;
      total += Math.abs(weight);
      columns.forEach((c, k) => (profile[c] = (profile[c] as number) + weight * (values[k] as number)));
    }
    return (title) => (total > 0 ? dot(title, profile) / total : 0);
  };
}

function neighbourMode({ table, popularity }: ContentState, params: Params, reader: TitleReader): Mode {
  const nearest = new NearestTitles(
    normalisedRows(table, reader),
    table.names.length,
    params.neighbours,
    (i) => (popularity[i] as number) > 0,
  );
  return (member) => (title, index) => {
    const { titles, alike } = index === undefined ? nearest.of(title) : nearest.ofKnown(index);
    let sum = 0;
    titles.forEach((i, k) => (sum += (member.get(i) ?? 0) * (alike[k] as number)));
    return sum;
  };
}

function modeOf(state: ContentState, params: Params, reader: TitleReader): Mode {
  if (params.mode === 'ridge') return ridgeMode(state, params, reader);
  return params.mode === 'profile' ? profileMode(state, reader) : neighbourMode(state, params, reader);
}

/** Half-way between no score at all and the score that popularity gives a member of whom nothing is known. */
function compile(state: ContentState, params: Params): Ranker {
  const { table, popularity } = state;
  const reader = new TitleReader(table, params);
  const idf = inverseFrequencies(table);
  const mode = modeOf(state, params, reader);
  const scores = (request: DecisionRequest): Float64Array => {
    const member = memberWeights(request, params, (id) => reader.indexOf(id));
    if (member.size === 0) {
      return Float64Array.from(request.actions, ({ id }) => popularity[reader.indexOf(id) ?? -1] ?? 0);
    }
    const scorer = mode(member);
    return Float64Array.from(request.actions, ({ id, features }) => {
      const index = reader.indexOf(id);
      const row = normalised(reader.attributes(id, features), idf);
      return scorer(row, index !== undefined && reader.known(index).columns.length > 0 ? index : undefined);
    });
  };
  return { decides: 'slate', scores };
}

function encode({ table, popularity, ridge }: ContentState): Json {
  return {
    table: encodeTable(table),
    popularity: encodeFloats(popularity),
    side: ridge.side,
    size: ridge.size,
    inverse: encodeFloats32(ridge.inverse),
  };
}

function decode(json: Json): ContentState {
  const stored = stateObject(json);
  const table = decodeTable(stored['table']);
  const popularity = decodeFloats(stateText(stored['popularity'], 'popularity'));
  const size = stateNumber(stored['size'], 'size');
  const inverse = decodeFloats32(stateText(stored['inverse'], 'inverse'));
  if (popularity.length !== table.items.length || inverse.length !== size * size) {
    throw new DomainError('invalid_state', 'the matrix does not fit the titles', '/inverse');
  }
  const side = stateText(stored['side'], 'side') === 'rows' ? 'rows' : 'attributes';
  return { table, popularity, ridge: { side, size, inverse } };
}

/**
 * Ranks titles by what they are: genres, people, year, tags and the words of a description, weighed by TF-IDF. The
 * member is what stands in `context.history` and, against it, in `context.disliked` (ids, newest last). A title that
 * training has not met is scored from the features that come with it in the request, so it ranks on its first day.
 * Ridge solves per member (F'F + lambda I) w = F'y over the titles that somebody has watched, y the member's weights;
 * profile is Rocchio's decayed mean; neighbours sums the cosines of the most alike watched titles.
 */
export const content: RecommenderPolicy<Params, ContentState> = {
  key: 'content',
  title: 'Content-based',
  summary: 'Ranks titles by their genres, people, year, tags and words, compared with what the member watched.',
  reference:
    'Pazzani, Billsus (2007), Content-based recommendation systems; ' +
    'Salton, Buckley (1988), Term-weighting approaches in automatic text retrieval; ' +
    'Hoerl, Kennard (1970), Ridge regression',
  learns: 'batch',
  params: defineParams(schema),
  stateVersion: 1,
  fit,
  encode,
  decode,
  compile,
};
