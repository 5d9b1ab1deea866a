import { DomainError } from '#experiments';
import type { Context, ContextValue, Json } from '#experiments';
import { stateObject, stateTexts } from '../../codec.js';

/** Ranges that a number is cut into, with as many values in each. */
const RANGES = 8;
const LONGEST_TEXT = 100;
const LONGEST_LIST = 200;
const WORD = /[\p{L}\p{N}]+/gu;
/** Context entries that are no features: lists of titles have a place of their own. */
const TITLES = new Set(['history', 'disliked', 'task']);
/** Entries that hold free text: words, and pieces of words, so that a typing error leaves most of them. */
const TEXTS = new Set(['query', 'transcript']);
const PIECE = 3;

export interface FeatureRules {
  /** A feature counts when at least so many contexts have it. */
  readonly least: number;
  /** At most this many, the most frequent first. */
  readonly most: number;
}

/** Entries of one context: numbers of features and their weights, whose squares sum to 1. */
export interface Encoded {
  readonly index: readonly number[];
  readonly weight: number;
}

/**
 * Features of contexts by number: one per text, per entry of a list, per true boolean, per range of a number, per word
 * and piece of a word of a query. Which there are is learned once; later ones are unknown and left out, so that a new
 * value never makes a request fail.
 */
export class FeatureSpace {
  private readonly position: ReadonlyMap<string, number>;

  private constructor(
    readonly names: readonly string[],
    readonly cuts: ReadonlyMap<string, readonly number[]>,
  ) {
    this.position = new Map(names.map((name, i) => [name, i]));
  }

  /** @param times how often each context occurs; 1 each when it is absent. */
  static learn(
    contexts: readonly Context[],
    { least, most }: FeatureRules,
    times?: Float64Array,
  ): FeatureSpace {
    const cuts = cutsOf(contexts);
    const counts = new Map<string, number>();
    contexts.forEach((context, i) => {
      for (const name of new Set(namesIn(context, cuts)))
        counts.set(name, (counts.get(name) ?? 0) + (times?.[i] ?? 1));
    });
    const kept = [...counts].filter(([, count]) => count >= least);
    kept.sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
    return new FeatureSpace(
      kept.slice(0, most).map(([name]) => name),
      cuts,
    );
  }

  get size(): number {
    return this.names.length;
  }

  encode(context: Context): Encoded {
    const index: number[] = [];
    for (const name of new Set(namesIn(context, this.cuts))) {
      const known = this.position.get(name);
      if (known !== undefined) index.push(known);
    }
    return { index, weight: index.length === 0 ? 0 : 1 / Math.sqrt(index.length) };
  }

  toJson(): Json {
    return { names: [...this.names], cuts: [...this.cuts].map(([key, ends]) => [key, [...ends]]) };
  }

  /** @throws DomainError `invalid_state`. */
  static fromJson(json: Json): FeatureSpace {
    const stored = stateObject(json);
    const cuts = stored['cuts'];
    if (!Array.isArray(cuts))
      throw new DomainError('invalid_state', 'the ranges of numbers are no list', '/cuts');
    return new FeatureSpace(stateTexts(stored['names'], 'names'), new Map(cuts as [string, number[]][]));
  }
}

/** Ends of the ranges of every number, by its quantiles. */
function cutsOf(contexts: readonly Context[]): Map<string, number[]> {
  const values = new Map<string, number[]>();
  for (const context of contexts) {
    for (const [key, value] of Object.entries(context)) {
      if (typeof value !== 'number' || !Number.isFinite(value)) continue;
      const list = values.get(key) ?? [];
      values.set(key, list);
      list.push(value);
    }
  }
  const cuts = new Map<string, number[]>();
  for (const [key, list] of values) {
    list.sort((a, b) => a - b);
    const ends = new Set<number>();
    for (let i = 1; i < RANGES; i++) ends.add(list[Math.floor((i * list.length) / RANGES)] as number);
    cuts.set(key, [...ends]);
  }
  return cuts;
}

function* namesIn(context: Context, cuts: ReadonlyMap<string, readonly number[]>): Generator<string> {
  for (const [key, value] of Object.entries(context)) {
    if (TITLES.has(key)) continue;
    if (TEXTS.has(key)) yield* wordsOf(key, value);
    else if (typeof value === 'number') {
      const ends = cuts.get(key);
      if (ends && Number.isFinite(value)) yield `${key}#${ends.filter((end) => value >= end).length}`;
    } else yield* valuesOf(key, value);
  }
}

function* valuesOf(key: string, value: ContextValue): Generator<string> {
  if (typeof value === 'string') yield `${key}=${value.slice(0, LONGEST_TEXT)}`;
  else if (value === true) yield `${key}=true`;
  else if (Array.isArray(value))
    for (const entry of value.slice(0, LONGEST_LIST) as readonly string[])
      yield `${key}=${String(entry).slice(0, LONGEST_TEXT)}`;
}

function* wordsOf(key: string, value: ContextValue): Generator<string> {
  if (typeof value !== 'string') return;
  for (const [word] of value.slice(0, 1000).toLowerCase().matchAll(WORD)) {
    yield `${key}~${word}`;
    for (let i = 0; i + PIECE <= word.length; i++) yield `${key}*${word.slice(i, i + PIECE)}`;
  }
}
