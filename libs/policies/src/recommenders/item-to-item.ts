import { DomainError } from '#experiments';
import type { Json } from '#experiments';
import { z } from 'zod';
import {
  decodeFloats32,
  decodeUints32,
  encodeFloats32,
  encodeUints32,
  stateObject,
  stateText,
  stateTexts,
} from '../codec.js';
import type { Ranker } from '../contract.js';
import { knownHistory } from './history.js';
import type { ItemRows } from './item-rows.js';

/**
 * What every model keeps that scores an item by the items a member watched: row i holds what a watched item i adds to
 * the score of each other one.
 */
export interface ItemToItem {
  readonly items: readonly string[];
  readonly rows: ItemRows;
  /** Members per item, as a share of the most popular item's: the score for members without a known history. */
  readonly popularity: Float32Array;
}

export const historyLimitField = z
  .int()
  .min(1)
  .max(10_000)
  .default(5_000)
  .describe('Newest items of the history that count; bounds the time of a request.');

export const keptField = z
  .int()
  .min(1)
  .max(100_000)
  .describe('Entries that are kept per title, those of the largest size; bounds memory and the time of a request.');

/** How much each event of a history counts: row numbers, newest last, and a weight for each. */
export interface WeightedHistory {
  readonly items: readonly number[];
  readonly weights: readonly number[];
}

/** Every item once, whatever its place. */
export function asSet(items: readonly number[]): WeightedHistory {
  const distinct = [...new Set(items)];
  return { items: distinct, weights: distinct.map(() => 1) };
}

/**
 * Scores by the sum of the rows of what the member watched. Items the model has not met score 0, which is what an item
 * gets that has nothing to do with the history.
 * @param limit newest items of a history that count.
 */
export function rankByRows(
  state: ItemToItem,
  limit: number,
  weigh: (items: readonly number[]) => WeightedHistory,
): Ranker {
  const { items, popularity, rows } = state;
  const position = new Map(items.map((id, index) => [id, index]));
  const sums = new Float64Array(items.length);
  return {
    decides: 'slate',
    scores: (request) => {
      const known = knownHistory(request, position, limit);
      const from = known.length > 0 ? addRows(rows, weigh(known), sums) : popularity;
      return Float64Array.from(request.actions, ({ id }) => {
        const index = position.get(id);
        return index === undefined ? 0 : (from[index] as number);
      });
    },
  };
}

function addRows(rows: ItemRows, history: WeightedHistory, sums: Float64Array): Float64Array {
  const { start, columns, weights } = rows;
  sums.fill(0);
  history.items.forEach((item, n) => {
    const weight = history.weights[n] as number;
    const end = start[item + 1] as number;
    for (let p = start[item] as number; p < end; p++) {
      const column = columns[p] as number;
      sums[column] = (sums[column] as number) + weight * (weights[p] as number);
    }
  });
  return sums;
}

export function encodeItemToItem(state: ItemToItem): Json {
  return {
    items: [...state.items],
    start: encodeUints32(state.rows.start),
    columns: encodeUints32(state.rows.columns),
    weights: encodeFloats32(state.rows.weights),
    popularity: encodeFloats32(state.popularity),
  };
}

/** @throws DomainError `invalid_state`. */
export function decodeItemToItem(json: Json): ItemToItem {
  const stored = stateObject(json);
  const items = stateTexts(stored['items'], 'items');
  const rows: ItemRows = {
    start: decodeUints32(stateText(stored['start'], 'start')),
    columns: decodeUints32(stateText(stored['columns'], 'columns')),
    weights: decodeFloats32(stateText(stored['weights'], 'weights')),
  };
  const popularity = decodeFloats32(stateText(stored['popularity'], 'popularity'));
  const size = rows.columns.length;
  const fits =
    rows.start.length === items.length + 1 &&
    rows.start[items.length] === size &&
    rows.weights.length === size &&
    popularity.length === items.length &&
    rows.columns.every((column) => column < items.length);
  if (!fits)
    throw new DomainError('invalid_state', `${items.length} items come with rows of another size`, '/start');
  return { items, rows, popularity };
}
