import { defineParams } from '#experiments';
import type { Json, Rng } from '#experiments';
import { z } from 'zod';
import { decodeFloats, encodeFloats, stateObject, stateText } from '../codec.js';
import type { DecisionRequest, Ranker, RecommenderPolicy, TrainingSet } from '../contract.js';
import { DomainError } from '#experiments';
import { factorMode } from './graph/factors.js';
import type { GraphMode } from './graph/contract.js';
import { netMode } from './graph/net-mode.js';
import { walkMode } from './graph/walk.js';
import { attributeParams } from './titles/attributes.js';
import { memberWeights } from './titles/member.js';
import { memberParams } from './titles/params.js';
import { membersPerTitle, shares } from './titles/popularity.js';
import { buildTable, decodeTable, encodeTable, TitleReader } from './titles/table.js';
import type { TitleTable } from './titles/table.js';

const share = (text: string, value: number) => z.number().min(0).max(0.99).default(value).describe(text);

const schema = z.object({
  mode: z
    .enum(['net', 'factors', 'walk'])
    .default('net')
    .describe(
      'net: a graph network with attention between relations. factors: matrix factorisation and a ridge from ' +
        'attributes to the factors. walk: a random walk with restart over titles, attributes and members.',
    ),
  dimension: z.int().min(1).max(512).default(64).describe('net, factors: length of the vectors.'),
  nets: z.int().min(1).max(20).default(3).describe('net: nets of different starts that answer together.'),
  epochs: z.int().min(1).max(200).default(20).describe('net: passes over the members in training.'),
  batch: z.int().min(1).max(4096).default(64).describe('net: members per step.'),
  rate: z.number().positive().max(1).default(0.006).describe('net: size of the first step of Adam.'),
  decay: z.number().min(0).max(1).default(0.001).describe('net: strength of the L2 regularisation.'),
  spread: z.number().positive().max(10).default(0.06).describe('net: standard deviation of the start.'),
  crowding: z
    .number()
    .min(0)
    .max(1)
    .default(0.5)
    .describe('net: 1: the attributes of one relation count as their mean, 0: as their sum.'),
  dropInput: share('net: share of the watched titles that training hides from the input.', 0.7),
  dropAttribute: share('net: share of the attributes that a training step leaves out.', 0.3),
  dropOwn: share("net: share of the titles whose own part a training step leaves out.", 0.5),
  iterations: z.int().min(1).max(200).default(16).describe('factors: sweeps over members and titles.'),
  unobserved: z
    .number()
    .positive()
    .max(1)
    .default(0.1)
    .describe('factors: weight of a pair nobody has seen against an observed one (alpha_0).'),
  regularisation: z.number().positive().max(1e3).default(0.01).describe('factors: regularisation (lambda).'),
  ridge: z.number().positive().max(1e6).default(1).describe('factors: regularisation of the ridge from attributes.'),
  follow: z
    .number()
    .min(0)
    .max(0.999)
    .default(0.9)
    .describe('walk: probability of a further step; else the walk starts again at a watched title.'),
  steps: z.int().min(1).max(100).default(8).describe('walk: number of steps.'),
  memberWeight: z
    .number()
    .min(0)
    .max(1000)
    .default(0.1)
    .describe('walk: weight of an edge between a member and a title; edges to attributes weigh 1 / ln(2 + titles).'),
  relationWeights: z
    .record(z.string().max(100), z.number().min(0).max(1000))
    .default({})
    .describe('walk: what each relation (a feature of the titles) means: factor of the weight of its edges; else 1.'),
  ...memberParams,
  ...attributeParams,
});
type Params = z.output<typeof schema>;

export interface GraphState {
  readonly table: TitleTable;
  /** Members per title, as a share of the most popular title's: the score for members of whom nothing is known. */
  readonly popularity: Float64Array;
  readonly mode: Params['mode'];
  readonly model: unknown;
}

const modes: Readonly<Record<Params['mode'], GraphMode<Params, unknown>>> = {
  net: netMode as GraphMode<Params, unknown>,
  factors: factorMode as GraphMode<Params, unknown>,
  walk: walkMode as GraphMode<Params, unknown>,
};

function fit(data: TrainingSet, params: Params, rng: Rng, progress: (share: number) => void): GraphState {
  const table = buildTable(data.items, data.itemFeatures, params);
  const popularity = shares(membersPerTitle(data));
  const { mode } = params;
  const model = modes[mode].fit(data, table, params, rng, progress);
  progress(1);
  return { table, popularity, mode, model };
}

function compile({ table, popularity, mode, model }: GraphState, params: Params): Ranker {
  const reader = new TitleReader(table, params);
  const answer = modes[mode].compile(model, table, reader, params);
  const scores = (request: DecisionRequest): Float64Array => {
    const member = memberWeights(request, params, (id) => reader.indexOf(id));
    if (member.size === 0) {
      return Float64Array.from(request.actions, ({ id }) => popularity[reader.indexOf(id) ?? -1] ?? 0);
    }
    const scorer = answer(member);
    return Float64Array.from(request.actions, ({ id, features }) => {
      const index = reader.indexOf(id);
      // A title of which training knew nothing at all is read from the request.
      const isKnown =
        index !== undefined && ((popularity[index] as number) > 0 || reader.known(index).columns.length > 0);
      return isKnown ? scorer(reader.known(index), index) : scorer(reader.fresh(features), undefined);
    });
  };
  return { decides: 'slate', scores };
}

function encode({ table, popularity, mode, model }: GraphState): Json {
  return {
    table: encodeTable(table),
    popularity: encodeFloats(popularity),
    mode,
    model: modes[mode].encode(model),
  };
}

function decode(json: Json): GraphState {
  const stored = stateObject(json);
  const table = decodeTable(stored['table']);
  const popularity = decodeFloats(stateText(stored['popularity'], 'popularity'));
  const mode = stateText(stored['mode'], 'mode');
  if (popularity.length !== table.items.length || !(mode === 'net' || mode === 'factors' || mode === 'walk')) {
    throw new DomainError('invalid_state', 'the popularity does not fit the titles', '/popularity');
  }
  return { table, popularity, mode, model: modes[mode].decode(stored['model'], table) };
}

/**
 * Ranks by the graph of titles and what they are: genres, people, decades, tags, with edges weighted by how much they
 * say. The member is folded in from `context.history` (and `context.disliked`), ids with the newest last. A title that
 * nobody has watched, or that training has not met, ranks at once by its attributes: those of training, else those
 * that come with it in the request.
 */
export const graph: RecommenderPolicy<Params, GraphState> = {
  key: 'graph',
  title: 'Graph of titles',
  summary:
    'Learns what genres, people, decades and tags mean to members, so that a new title ranks on its first day.',
  reference:
    'Pan et al. (2023), SemanticGNN, arXiv 2312.04071; Haveliwala (2002), Topic-sensitive PageRank; ' +
    'Gantner et al. (2010), Learning attribute-to-feature mappings for cold-start recommendations',
  learns: 'batch',
  params: defineParams(schema),
  stateVersion: 1,
  fit,
  encode,
  decode,
  compile,
};
