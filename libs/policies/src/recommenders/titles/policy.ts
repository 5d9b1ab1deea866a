import { defineParams, DomainError } from '#experiments';
import type { Json } from '#experiments';
import type { z } from 'zod';
import { decodeFloats, encodeFloats, stateObject, stateText } from '../../codec.js';
import type { DecisionRequest, Ranker, RecommenderPolicy } from '../../contract.js';
import { retrieving } from '../../retrieval/retrieval.js';
import type { AttributeRules } from './attributes.js';
import { memberWeights } from './member.js';
import type { MemberRules } from './member.js';
import type { Catalogue, TitleModel } from './model.js';
import { membersPerTitle, shares } from './popularity.js';
import { buildTable, decodeTable, encodeTable, TitleReader } from './table.js';
import type { TitleTable } from './table.js';

type TitleParams = AttributeRules & MemberRules & { readonly mode: string; readonly retrieved?: number };

export interface TitleState {
  readonly table: TitleTable;
  readonly popularity: Float64Array;
  readonly mode: string;
  readonly model: unknown;
}

type About = Pick<RecommenderPolicy, 'key' | 'title' | 'summary' | 'reference'>;
type Models<P> = Readonly<Record<string, TitleModel<P, unknown>>>;

function modelOf<P>(models: Models<P>, mode: string): TitleModel<P, unknown> {
  const model = models[mode];
  if (model === undefined) throw new DomainError('invalid_state', `there is no mode "${mode}"`, '/mode');
  return model;
}

function ranker<P extends TitleParams>(models: Models<P>, state: TitleState, params: P): Ranker {
  const { table, popularity } = state;
  const reader = new TitleReader(table, params);
  const answer = modelOf(models, state.mode).compile(state.model, { table, reader, popularity }, params);
  const memberOf = (request: DecisionRequest): Map<number, number> | null => {
    const member = memberWeights(request, params, (id) => reader.indexOf(id));
    return [...member.values()].some((weight) => weight > 0) ? member : null;
  };
  const scores = (request: DecisionRequest): Float64Array => {
    const member = memberOf(request);
    if (member === null) {
      return Float64Array.from(request.actions, ({ id }) => popularity[reader.indexOf(id) ?? -1] ?? 0);
    }
    // A title of which training knew nothing at all is read from the request.
    const places = request.actions.map(({ id }) => {
      const index = reader.indexOf(id);
      if (index === undefined || (popularity[index] as number) > 0) return index;
      return reader.known(index).columns.length > 0 ? index : undefined;
    });
    const scorer = answer(
      member,
      places.filter((index) => index !== undefined),
    );
    return Float64Array.from(request.actions, ({ features }, i) => {
      const index = places[i];
      return index === undefined ? scorer(reader.fresh(features), index) : scorer(reader.known(index), index);
    });
  };
  const { vectors } = answer;
  if (vectors === undefined || params.retrieved === undefined) return { decides: 'slate', scores };
  const query = (request: DecisionRequest): Float32Array | null => {
    const member = memberOf(request);
    return member && vectors.of(member);
  };
  return {
    decides: 'slate',
    scores,
    ...retrieving(table.items, params.retrieved, () => ({
      ...vectors,
      items: table.items,
      popularity,
      query,
    })),
  };
}

/**
 * A policy that knows titles by what they are, in one of several modes. Its answers use `context.history` and
 * `context.disliked` (ids, newest last), and for titles that training has not met the features that come with them in
 * the request. A member of whom no liked title is known gets popularity.
 */
export function titlePolicy<P extends TitleParams>(
  about: About,
  schema: z.ZodType<P> & z.ZodObject,
  models: Models<P>,
): RecommenderPolicy<P, TitleState> {
  return {
    ...about,
    learns: 'batch',
    params: defineParams(schema),
    stateVersion: 1,
    fit: (data, params, rng, progress, { checkpoints } = {}) => {
      const table = buildTable(data.items, data.itemFeatures, params);
      const popularity = shares(membersPerTitle(data));
      const { mode } = params;
      const catalogue: Catalogue = { table, popularity, reader: new TitleReader(table, params) };
      const model = modelOf(models, mode).fit(data, catalogue, params, rng, progress, checkpoints);
      progress(1);
      return { table, popularity, mode, model };
    },
    encode: ({ table, popularity, mode, model }) => ({
      table: encodeTable(table),
      popularity: encodeFloats(popularity),
      mode,
      model: modelOf(models, mode).encode(model),
    }),
    decode: (json: Json) => {
      const stored = stateObject(json);
      const table = decodeTable(stored['table']);
      const popularity = decodeFloats(stateText(stored['popularity'], 'popularity'));
      if (popularity.length !== table.items.length) {
        throw new DomainError('invalid_state', 'the popularity does not fit the titles', '/popularity');
      }
      const mode = stateText(stored['mode'], 'mode');
      const catalogue: Catalogue = { table, popularity, reader: new TitleReader(table, NO_RULES) };
      return { table, popularity, mode, model: modelOf(models, mode).decode(stored['model'], catalogue) };
    },
    compile: (state, params) => ranker(models, state, params),
  };
}

/** Decoding reads no features. */
const NO_RULES: AttributeRules = {
  ignore: [],
  textAttributes: [],
  yearAttributes: [],
  leastTitles: 1,
  maxAttributes: 1,
};
