import { defineParams, DomainError } from '#experiments';
import type { Json, ParamsSchema, Rng } from '#experiments';
import { z } from 'zod';
import { decodeFloats, encodeFloats, stateNumber, stateObject, stateText } from '../codec.js';
import type {
  Action,
  Checkpoints,
  FitProgress,
  Ranker,
  RecommenderPolicy,
  TrainingSet,
} from '../contract.js';
import { compilePart, parsePart, partOf, partsOf } from './parts.js';
import type { Parts } from './parts.js';
import { rowsWhere } from './rows-where.js';
import { CatalogueIndex } from './search/catalogue-index.js';
import { documentOf, documentParams } from './search/documents.js';
import type { DocumentRules } from './search/documents.js';
import { FEATURE_COUNT } from './search/head.js';
import { learnHead, unlearned } from './search/learning.js';
import type { LearnedHead } from './search/learning.js';
import { SearchRanker } from './search/ranker.js';
import { buildIndex, decodeIndex, encodeIndex } from './search/text-index.js';
import type { TextIndex } from './search/text-index.js';
import { Stages } from './stages.js';
import { membersPerTitle, shares } from './titles/popularity.js';

const NOBODY = 'none';

interface Member {
  readonly key: string;
  readonly params: unknown;
}

interface Params extends DocumentRules {
  readonly itemKind: string;
  readonly typos: boolean;
  readonly graph: boolean;
  readonly member: Member;
  readonly retrieved: number;
  readonly learn: boolean;
  readonly searches: number;
  readonly pull: number;
}

interface State {
  readonly index: TextIndex;
  readonly popularity: Float64Array;
  /** Null where nobody's taste is learned. */
  readonly member: { readonly key: string; readonly state: unknown } | null;
  readonly head: LearnedHead;
}

function paramsOf(known: Parts): ParamsSchema<Params> {
  const keys = [NOBODY, ...known.keys()];
  const outer = defineParams(
    z.object({
      itemKind: z.string().min(1).max(100).default('title').describe('Kind of the items that are searched.'),
      typos: z
        .boolean()
        .default(true)
        .describe('Whether words that are misspelled, or sound alike, are found.'),
      graph: z
        .boolean()
        .default(true)
        .describe('Whether titles are found by what titles with the same people and tags say.'),
      member: z
        .strictObject({
          key: z
            .enum(keys)
            .default('implicit-als')
            .describe('Recommender of the member’s part; none: no taste.'),
          params: z.record(z.string(), z.json()).default({}).describe('Its parameters.'),
        })
        .default({ key: 'implicit-als', params: { dimension: 32 } })
        .describe(
          'The recommender that knows the member: mixed in where the text leaves more than one answer.',
        ),
      retrieved: z
        .int()
        .min(10)
        .max(5000)
        .default(200)
        .describe('Titles that are ranked where the client names no candidates; bounds time and record.'),
      learn: z.boolean().default(true).describe('Whether the head learns from searches and what followed.'),
      searches: z
        .int()
        .min(0)
        .max(100_000)
        .default(4000)
        .describe('Newest searches that the head learns from.'),
      pull: z
        .number()
        .positive()
        .max(1e6)
        .default(1)
        .describe('How strongly weights are held at the prior ones.'),
      ...documentParams,
    }),
  );
  return {
    jsonSchema: outer.jsonSchema,
    parse(input) {
      const parsed = outer.parse(input);
      const { key, params } = parsed.member;
      const own = key === NOBODY ? {} : parsePart('/member/params', partOf(known, key), params);
      return { ...parsed, member: { key, params: own } };
    },
  };
}

/** The titles that are searched: the catalogue, or what the feedback is about where none is read. */
const catalogueOf = ({ catalogue, items, itemFeatures }: TrainingSet): readonly Action[] =>
  catalogue ?? items.map((id, i) => ({ id, features: itemFeatures[i] ?? {} }));

function popularityOf(data: TrainingSet, ids: readonly string[]): Float64Array {
  const place = new Map(ids.map((id, i) => [id, i]));
  const members = new Float64Array(ids.length);
  membersPerTitle(data).forEach((count, item) => {
    const title = place.get(data.items[item] as string);
    if (title !== undefined) members[title] = count;
  });
  return shares(members);
}

function rankerOf(known: Parts, { index, popularity, member, head }: State, params: Params): SearchRanker {
  if (member && member.key !== params.member.key)
    throw new DomainError(
      'invalid_state',
      `the stored recommender is ${member.key}, not ${params.member.key} of the parameters`,
      '/member',
    );
  const recommender: Ranker | null =
    member && compilePart(partOf(known, member.key), member.state, params.member.params);
  return new SearchRanker({
    index: new CatalogueIndex(index, params, params),
    popularity,
    member: recommender,
    weights: head.weights,
    most: params.retrieved,
  });
}

function fitMember(
  known: Parts,
  data: TrainingSet,
  { member }: Params,
  rng: Rng,
  progress: FitProgress,
  checkpoints: Checkpoints,
): State['member'] {
  if (member.key === NOBODY || data.at.length === 0) return null;
  return {
    key: member.key,
    state: partOf(known, member.key).fit(data, member.params, rng, progress, { checkpoints }),
  };
}

/** Searches of the last two thirds of the time, and a ranker that has learned before them: no play is known beforehand. */
function fitHead(
  known: Parts,
  data: TrainingSet,
  params: Params,
  index: TextIndex,
  rng: Rng,
  progress: (share: number) => void,
  checkpoints: Checkpoints,
): LearnedHead {
  const lists = data.lists ?? [];
  const third = lists[Math.floor(lists.length / 3)];
  if (!params.learn || !third) return unlearned();
  const past = rowsWhere(data, (row) => (data.at[row] as number) < third.at);
  const member = fitMember(known, past, params, rng, (share) => progress(0.5 * share), checkpoints);
  const state = { index, popularity: popularityOf(past, index.ids), member, head: unlearned() };
  const ranker = rankerOf(known, state, params);
  const rules = { most: params.searches, pull: params.pull };
  const later = lists.filter(({ at }) => at >= third.at);
  return learnHead(later, ranker, catalogueOf(data), rules, (share) => progress(0.5 + 0.5 * share));
}

function fit(
  known: Parts,
  data: TrainingSet,
  params: Params,
  rng: Rng,
  progress: FitProgress,
  checkpoints: Checkpoints | undefined,
): State {
  const stages = new Stages(checkpoints);
  const catalogue = catalogueOf(data);
  const index = buildIndex(
    catalogue.map(({ id, title, features }) => documentOf(id, title, features, params)),
  );
  progress(0.1);
  const toHead = (share: number): void => progress(0.1 + 0.5 * share);
  const head = stages.run(
    'head',
    (own) => fitHead(known, data, params, index, rng.fork('past'), toHead, own),
    true,
  );
  const { watched } = head;
  progress(0.6, watched ? { epoch: 1, loss: watched.prior, validation: watched.learned } : undefined);
  const toMember = (share: number): void => progress(0.6 + 0.4 * share);
  const member = stages.run('member', (own) =>
    fitMember(known, data, params, rng.fork('member'), toMember, own),
  );
  progress(1);
  return { index, popularity: popularityOf(data, index.ids), member, head };
}

function encode(known: Parts, { index, popularity, member, head }: State): Json {
  return {
    index: encodeIndex(index),
    popularity: encodeFloats(popularity),
    member: member && { key: member.key, state: partOf(known, member.key).encode(member.state) },
    head: {
      weights: encodeFloats(head.weights),
      examination: encodeFloats(head.examination),
      searches: head.searches,
      watched: head.watched && { ...head.watched },
    },
  };
}

function decodeHead(json: Json | undefined): LearnedHead {
  const stored = stateObject(json ?? null);
  const weights = decodeFloats(stateText(stored['weights'], 'weights'));
  if (weights.length !== FEATURE_COUNT || !weights.every(Number.isFinite))
    throw new DomainError('invalid_state', `the head has ${FEATURE_COUNT} finite weights`, '/head/weights');
  const watched = stored['watched'] ?? null;
  return {
    weights,
    examination: decodeFloats(stateText(stored['examination'], 'examination')),
    searches: stateNumber(stored['searches'], 'searches'),
    watched:
      watched === null
        ? null
        : {
            learned: stateNumber(stateObject(watched)['learned'], 'learned'),
            prior: stateNumber(stateObject(watched)['prior'], 'prior'),
          },
  };
}

function decode(known: Parts, json: Json): State {
  const stored = stateObject(json);
  const index = decodeIndex(stored['index']);
  const popularity = decodeFloats(stateText(stored['popularity'], 'popularity'));
  if (popularity.length !== index.ids.length)
    throw new DomainError('invalid_state', 'the popularity does not fit the titles', '/popularity');
  const member = stored['member'] ?? null;
  const key = member === null ? '' : stateText(stateObject(member)['key'], 'key');
  return {
    index,
    popularity,
    member:
      member === null
        ? null
        : { key, state: partOf(known, key).decode(stateObject(member)['state'] ?? null) },
    head: decodeHead(stored['head']),
  };
}

/**
 * Search and voice. Titles are found by what is typed or said (`context.query`, `context.mode`): names, people, tags, words,
 * with typos, beginnings and sounds, and by the graph; then ranked by one linear head over text, graph, member and popularity.
 * The head begins with prior weights and learns from logged searches. Without a query the member's recommender ranks.
 * @param policies what may know the member: rankers that learn in training runs.
 */
export function searchOf(policies: readonly RecommenderPolicy[]): RecommenderPolicy<Params, State> {
  const known = partsOf(policies);
  return {
    key: 'search',
    title: 'Search and voice',
    summary: 'Ranks titles for what a member types or says, by text, knowledge graph and taste together.',
    reference:
      'Robertson, Zaragoza (2009), The probabilistic relevance framework: BM25 and beyond; Joachims, Swaminathan, Schnabel ' +
      '(2017), Unbiased learning-to-rank with biased feedback; Radlinski, Joachims (2005), Query chains',
    learns: 'batch',
    params: paramsOf(known),
    stateVersion: 1,
    needs: ({ itemKind, learn, member }) => ({
      contexts: false,
      tasks: [],
      ...known.get(member.key)?.needs?.(member.params),
      catalogue: itemKind,
      ...(learn ? { listsAbout: 'query' } : {}),
    }),
    fit: (data, params, rng, progress, { checkpoints } = {}) =>
      fit(known, data, params, rng, progress, checkpoints),
    encode: (state) => encode(known, state),
    decode: (json) => decode(known, json),
    compile: (state, params) => {
      const ranker = rankerOf(known, state, params);
      // An object of its own functions: wrappers copy what they go around.
      return {
        decides: 'slate',
        scores: (request) => ranker.scores(request),
        retrieve: (request, open) => ranker.retrieve(request, open),
        reasons: (request, index) => ranker.reasons(request, index),
      };
    },
  };
}
