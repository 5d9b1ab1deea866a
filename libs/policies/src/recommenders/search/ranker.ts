import type { Context } from '#experiments';
import type { Action, DecisionRequest, Ranker, Reason } from '../../contract.js';
import { historyOf } from '../history.js';
import type { Answered, CatalogueIndex, Located } from './catalogue-index.js';
import {
  clarityOf,
  FEATURE_COUNT,
  liftNamed,
  MEMBER,
  POPULARITY,
  textFeatures,
  TEXT_FEATURES,
  weighted,
} from './head.js';
import { questionOf } from './query.js';
import { explain } from './reasons.js';
import { standardised } from './standard.js';

/** Everything that ranks. */
export interface SearchModel {
  readonly index: CatalogueIndex;
  /** Members per title, as a share of the most popular title's, by place in the index. */
  readonly popularity: Float64Array;
  /** The recommender of the member's part; null: popularity alone. */
  readonly member: Ranker | null;
  readonly weights: Float64Array;
  /** Titles that are ranked where the client names none. */
  readonly most: number;
}

/** Shares of the most popular title down to e^-8 are told apart. */
const LOG_SPAN = 8;

/** One row of the head's features per action, in request order. */
export interface Features {
  readonly rows: readonly Float64Array[];
  readonly answered: Answered | null;
}

/**
 * Ranks titles for a question by text, graph and member. Without a question: by member, what a page shows before one is
 * typed.
 */
export class SearchRanker implements Ranker {
  readonly decides = 'slate';

  constructor(readonly model: SearchModel) {}

  scores(request: DecisionRequest): Float64Array {
    const { rows, answered } = this.features(request);
    const scores = Float64Array.from(rows, (row) => weighted(this.model.weights, row, 0, FEATURE_COUNT));
    if (answered) liftNamed(scores, rows);
    return scores;
  }

  retrieve(request: DecisionRequest, open: Uint8Array | null): readonly number[] {
    const { index, most } = this.model;
    const located = index.locate(request);
    const answered = answerOf(this.model, request, located);
    const places: number[] = [];
    located.places.forEach((place, i) => {
      if (open !== null && open[i] !== 1) return;
      if (!answered || (place && foundBy(answered, place.isNew).titles.has(place.title))) places.push(i);
    });
    if (places.length <= most) return places;
    const rough = answered
      ? places.map((i) => weighted(this.model.weights, textRow(answered, located, i), 0, TEXT_FEATURES))
      : places.map((i) => this.popularityOf(located, i));
    const order = places
      .map((_, k) => k)
      .sort((a, b) => (rough[b] as number) - (rough[a] as number) || a - b);
    return order
      .slice(0, most)
      .sort((a, b) => a - b)
      .map((k) => places[k] as number);
  }

  reasons(request: DecisionRequest, index: number): readonly Reason[] {
    const { rows, answered } = this.features(request);
    const place = this.model.index.locate(request).places[index] ?? null;
    const row = rows[index];
    return row ? explain(row, this.model.weights, answered, place) : [];
  }

  /** What the head is told of each action. */
  features(request: DecisionRequest): Features {
    const located = this.model.index.locate(request);
    const answered = answerOf(this.model, request, located);
    const rows = request.actions.map((_, i) =>
      answered ? textRow(answered, located, i) : new Float64Array(FEATURE_COUNT),
    );
    const isLike = answered !== null && answered.query.intent === 'like' && answered.known.seed >= 0;
    const left = answered && !isLike ? 1 - clarityOf(rows) : 1;
    const seed = isLike ? this.model.index.matcher.index.ids[answered.known.seed] : undefined;
    const taste = this.tasteOf(request, seed);
    rows.forEach((row, i) => {
      row[MEMBER] = left * (taste[i] as number);
      row[POPULARITY] = left * this.popularityOf(located, i);
    });
    return { rows, answered };
  }

  /** The recommender's opinions, standardised over the request; of nobody known there are none. */
  private tasteOf(request: DecisionRequest, seed: string | undefined): Float64Array {
    const { member } = this.model;
    const known = seed === undefined ? historyOf(request.context).length > 0 : true;
    if (!member || !known) return new Float64Array(request.actions.length);
    const context: Context = seed === undefined ? request.context : { ...request.context, history: [seed] };
    return standardised(member.scores({ ...request, context }));
  }

  private popularityOf({ places }: Located, i: number): number {
    const place = places[i];
    const share = place && !place.isNew ? (this.model.popularity[place.title] as number) : 0;
    return share > 0 ? Math.max(1e-3, 1 + Math.log(share) / LOG_SPAN) : 0;
  }
}

const foundBy = ({ known, fresh }: Answered, isNew: boolean) => (isNew && fresh ? fresh : known);

function answerOf({ index }: SearchModel, request: DecisionRequest, { fresh }: Located): Answered | null {
  const question = questionOf(request.context);
  return question && index.answer(question.text, question.mode, fresh);
}

function textRow(answered: Answered, { places }: Located, i: number): Float64Array {
  const row = new Float64Array(FEATURE_COUNT);
  const place = places[i];
  if (place) textFeatures(foundBy(answered, place.isNew).match(place.title), row);
  return row;
}

/** Actions by id, for requests that are made of ids alone. */
export const actionsById = (actions: readonly Action[]): ReadonlyMap<string, Action> =>
  new Map(actions.map((action) => [action.id, action]));
