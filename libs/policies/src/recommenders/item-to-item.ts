import { DomainError } from '#experiments';
import type { Json } from '#experiments';
import { z } from 'zod';
import {
  decodeFloats32,
  decodeInts16,
  decodeUints32,
  encodeFloats32,
  encodeInts16,
  encodeUints32,
  stateObject,
  stateText,
  stateTexts,
} from '../codec.js';
import type { Ranker } from '../contract.js';
import { knownHistory } from './history.js';
import type { DenseRows, ItemRows } from './item-rows.js';

/**
 * What every model keeps that scores an item by the items a member watched: row i holds what a watched item i adds to
 * the score of each other one.
 */
export interface ItemToItem {
  readonly items: readonly string[];
  readonly rows: ItemRows | DenseRows;
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
  .describe(
    'Entries that are kept per title, those of the largest size; bounds memory and the time of a request.',
  );

/** For models whose small weights count as well. */
export const keptOrAllField = keptField
  .nullable()
  .default(null)
  .describe(
    'Entries that are kept per title, those of the largest size; null: all, in 16 bits each, which loses nothing.',
  );

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

/** How the history of a model of rows is read. */
export interface RowRules {
  /** Newest items of a history that count. */
  readonly limit: number;
  readonly weigh: (items: readonly number[]) => WeightedHistory;
}

/**
 * Scores by the sum of the rows of what the member watched; both given by row numbers. Items the model has not met (-1)
 * score 0, which is what an item gets that has nothing to do with the history.
 */
export type RowScorer = (known: readonly number[], asked: Int32Array) => Float64Array;

export function scoreByRows({ items, popularity, rows }: ItemToItem, { weigh }: RowRules): RowScorer {
  const sums = new Float64Array(items.length);
  return (known, asked) => {
    if (known.length === 0) return Float64Array.from(asked, (i) => popularity[i] ?? 0);
    const history = weigh(known);
    // Whole rows are long: for a few candidates only their entries are looked at.
    if ('levels' in rows && 2 * asked.length < items.length)
      return addAsked(rows, history, asked, items.length);
    addUp(rows, history, sums);
    return Float64Array.from(asked, (i) => sums[i] ?? 0);
  };
}

/** See scoreByRows. */
export function rankByRows(state: ItemToItem, rules: RowRules): Ranker {
  const position = new Map(state.items.map((id, index) => [id, index]));
  const scorer = scoreByRows(state, rules);
  return {
    decides: 'slate',
    scores: ({ actions, context }) =>
      scorer(
        knownHistory(context, position, rules.limit),
        Int32Array.from(actions, ({ id }) => position.get(id) ?? -1),
      ),
  };
}

function addAsked(
  { steps, levels }: DenseRows,
  history: WeightedHistory,
  asked: Int32Array,
  columns: number,
): Float64Array {
  // In the order of memory: a row is read from its beginning to its end.
  const places = Uint32Array.from(asked.keys()).filter((k) => (asked[k] as number) >= 0);
  if (!isAscending(asked)) places.sort((a, b) => (asked[a] as number) - (asked[b] as number));
  const sorted = Uint32Array.from(places, (k) => asked[k] as number);
  const sums = new Float64Array(sorted.length);
  addEntries(steps, levels, history, sorted, columns, sums);
  const scores = new Float64Array(asked.length);
  places.forEach((place, k) => (scores[place] = sums[k] as number));
  return scores;
}

/** Four rows at a time, as addDenseRows. */
function addEntries(
  steps: Float32Array,
  levels: Int16Array,
  history: WeightedHistory,
  sorted: Uint32Array,
  columns: number,
  sums: Float64Array,
): void {
  const base = history.items.map((item) => item * columns);
  const step = history.items.map((item, n) => (history.weights[n] as number) * (steps[item] as number));
  let n = 0;
  for (; n + 4 <= base.length; n += 4) {
    const [b0, b1, b2, b3] = base.slice(n, n + 4) as [number, number, number, number];
    const [s0, s1, s2, s3] = step.slice(n, n + 4) as [number, number, number, number];
    for (let k = 0; k < sorted.length; k++) {
      const c = sorted[k] as number;
      sums[k] =
        (sums[k] as number) +
        s0 * (levels[b0 + c] as number) +
        s1 * (levels[b1 + c] as number) +
        s2 * (levels[b2 + c] as number) +
        s3 * (levels[b3 + c] as number);
    }
  }
  for (; n < base.length; n++) {
    const [from, s] = [base[n] as number, step[n] as number];
    for (let k = 0; k < sorted.length; k++)
      sums[k] = (sums[k] as number) + s * (levels[from + (sorted[k] as number)] as number);
  }
}

function isAscending(numbers: Int32Array): boolean {
  for (let k = 1; k < numbers.length; k++)
    if ((numbers[k] as number) < (numbers[k - 1] as number)) return false;
  return true;
}

function addUp(rows: ItemRows | DenseRows, history: WeightedHistory, sums: Float64Array): void {
  sums.fill(0);
  if ('levels' in rows) addDenseRows(rows, history, sums);
  else history.items.forEach((item, n) => addRow(rows, item, history.weights[n] as number, sums));
}

function addRow(
  { start, columns, weights }: ItemRows,
  item: number,
  weight: number,
  sums: Float64Array,
): void {
  const end = start[item + 1] as number;
  for (let p = start[item] as number; p < end; p++) {
    const column = columns[p] as number;
    sums[column] = (sums[column] as number) + weight * (weights[p] as number);
  }
}

/** Four rows at a time: every sum is loaded and stored once for all of them. */
function addDenseRows({ steps, levels }: DenseRows, history: WeightedHistory, sums: Float64Array): void {
  const columns = sums.length;
  const base = history.items.map((item) => item * columns);
  const step = history.items.map((item, n) => (history.weights[n] as number) * (steps[item] as number));
  let n = 0;
  for (; n + 4 <= base.length; n += 4) {
    const [b0, b1, b2, b3] = base.slice(n, n + 4) as [number, number, number, number];
    const [s0, s1, s2, s3] = step.slice(n, n + 4) as [number, number, number, number];
    for (let c = 0; c < columns; c++) {
      sums[c] =
        (sums[c] as number) +
        s0 * (levels[b0 + c] as number) +
        s1 * (levels[b1 + c] as number) +
        s2 * (levels[b2 + c] as number) +
        s3 * (levels[b3 + c] as number);
    }
  }
  for (; n < base.length; n++) {
    const [from, s] = [base[n] as number, step[n] as number];
    for (let c = 0; c < columns; c++) sums[c] = (sums[c] as number) + s * (levels[from + c] as number);
  }
}

export function encodeItemToItem({ items, popularity, rows }: ItemToItem): Json {
  const common = { items: [...items], popularity: encodeFloats32(popularity) };
  if ('levels' in rows)
    return { ...common, steps: encodeFloats32(rows.steps), levels: encodeInts16(rows.levels) };
  return {
    ...common,
    start: encodeUints32(rows.start),
    columns: encodeUints32(rows.columns),
    weights: encodeFloats32(rows.weights),
  };
}

/** @throws DomainError `invalid_state`. */
export function decodeItemToItem(json: Json): ItemToItem {
  const stored = stateObject(json);
  const items = stateTexts(stored['items'], 'items');
  const popularity = decodeFloats32(stateText(stored['popularity'], 'popularity'));
  const rows = 'levels' in stored ? decodeDense(stored, items.length) : decodeSparse(stored, items.length);
  if (rows === null || popularity.length !== items.length)
    throw new DomainError('invalid_state', `${items.length} items come with rows of another size`, '/items');
  return { items, rows, popularity };
}

type Stored = Readonly<Record<string, Json>>;

function decodeDense(stored: Stored, n: number): DenseRows | null {
  const steps = decodeFloats32(stateText(stored['steps'], 'steps'));
  const levels = decodeInts16(stateText(stored['levels'], 'levels'));
  return steps.length === n && levels.length === n * n ? { steps, levels } : null;
}

function decodeSparse(stored: Stored, n: number): ItemRows | null {
  const start = decodeUints32(stateText(stored['start'], 'start'));
  const columns = decodeUints32(stateText(stored['columns'], 'columns'));
  const weights = decodeFloats32(stateText(stored['weights'], 'weights'));
  const fits =
    start.length === n + 1 &&
    start[n] === columns.length &&
    weights.length === columns.length &&
    columns.every((column) => column < n);
  return fits ? { start, columns, weights } : null;
}
