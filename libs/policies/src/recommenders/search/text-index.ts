import { DomainError } from '#experiments';
import type { Json } from '#experiments';
import { decodeUints32, encodeUints32, stateObject, stateText, stateTexts } from '../../codec.js';
import { WIDTH, wordsIn } from './documents.js';
import type { Document } from './documents.js';
import { singular, STOP_WORDS, titleKey, wordsOf } from './words.js';

/**
 * An inverted index of titles over the fields of documents.ts, and the titles' places in the graph. Lists lie one after the
 * other: the list of i is [start[i], start[i + 1]).
 */
export interface TextIndex {
  readonly ids: readonly string[];
  /** Names by which titles are asked for, as keys, and the title of each. */
  readonly keys: readonly string[];
  readonly keyOwner: Uint32Array;
  /** In order of code units, so that those with a prefix stand together. */
  readonly terms: readonly string[];
  readonly start: Uint32Array;
  /** (title x WIDTH + field) x 256 + times, at most 255 times; ascending. */
  readonly postings: Uint32Array;
  /** Words per title and field. */
  readonly lengths: Uint32Array;
  readonly attributes: readonly string[];
  readonly attributeStart: Uint32Array;
  /** Attributes of each title. */
  readonly attributeOf: Uint32Array;
}

const TEXT_FIELD = 3;
const LONGEST_TERM = 40;
/** Titles at most: postings have 24 bits for title and field. */
export const MOST_TITLES = 2 ** 24 / WIDTH;

class PostingBuilder {
  readonly lists = new Map<string, number[]>();

  add(term: string, slot: number, times: number): void {
    const list = this.lists.get(term);
    const posting = slot * 256 + Math.min(255, times);
    if (list) list.push(posting);
    else this.lists.set(term, [posting]);
  }
}

function addField(builder: PostingBuilder, texts: readonly string[], slot: number, field: number): number {
  const counts = new Map<string, number>();
  const words = wordsIn(texts);
  for (const word of words) {
    if (field === TEXT_FIELD && STOP_WORDS.has(word)) continue;
    const term = singular(word.slice(0, LONGEST_TERM));
    counts.set(term, (counts.get(term) ?? 0) + 1);
  }
  for (const [term, times] of counts) builder.add(term, slot, times);
  return words.length;
}

/** Lists one after the other. */
function joined(lists: readonly (readonly number[])[]): { start: Uint32Array; all: Uint32Array } {
  const start = new Uint32Array(lists.length + 1);
  lists.forEach((list, i) => (start[i + 1] = (start[i] as number) + list.length));
  const all = new Uint32Array(start[lists.length] as number);
  lists.forEach((list, i) => all.set(list, start[i]));
  return { start, all };
}

/** Builds the index. @throws DomainError `too_many_titles`. */
export function buildIndex(documents: readonly Document[]): TextIndex {
  if (documents.length > MOST_TITLES)
    throw new DomainError('too_many_titles', `an index holds at most ${MOST_TITLES} titles`);
  const builder = new PostingBuilder();
  const lengths = new Uint32Array(documents.length * WIDTH);
  const keys: string[] = [];
  const owners: number[] = [];
  const numbers = new Map<string, number>();
  documents.forEach((document, i) => {
    document.texts.forEach((texts, field) => {
      lengths[i * WIDTH + field] = addField(builder, texts, i * WIDTH + field, field);
    });
    for (const key of new Set(document.names.map((name) => titleKey(wordsOf(name))))) {
      keys.push(key);
      owners.push(i);
    }
    for (const name of document.attributes) if (!numbers.has(name)) numbers.set(name, numbers.size);
  });
  const terms = [...builder.lists.keys()].sort();
  const postings = joined(terms.map((term) => builder.lists.get(term) as number[]));
  const attributes = joined(
    documents.map((one) => one.attributes.map((name) => numbers.get(name) as number)),
  );
  return {
    ids: documents.map(({ id }) => id),
    keys,
    keyOwner: Uint32Array.from(owners),
    terms,
    start: postings.start,
    postings: postings.all,
    lengths,
    attributes: [...numbers.keys()],
    attributeStart: attributes.start,
    attributeOf: attributes.all,
  };
}

export function encodeIndex(index: TextIndex): Json {
  return {
    ids: [...index.ids],
    keys: [...index.keys],
    keyOwner: encodeUints32(index.keyOwner),
    terms: [...index.terms],
    start: encodeUints32(index.start),
    postings: encodeUints32(index.postings),
    lengths: encodeUints32(index.lengths),
    attributes: [...index.attributes],
    attributeStart: encodeUints32(index.attributeStart),
    attributeOf: encodeUints32(index.attributeOf),
  };
}

/** @throws DomainError `invalid_state` when the parts do not fit together. */
export function decodeIndex(json: Json | undefined): TextIndex {
  const stored = stateObject(json ?? null);
  const integers = (field: string): Uint32Array => decodeUints32(stateText(stored[field], field));
  const texts = (field: string): string[] => stateTexts(stored[field], field);
  const index: TextIndex = {
    ids: texts('ids'),
    keys: texts('keys'),
    keyOwner: integers('keyOwner'),
    terms: texts('terms'),
    start: integers('start'),
    postings: integers('postings'),
    lengths: integers('lengths'),
    attributes: texts('attributes'),
    attributeStart: integers('attributeStart'),
    attributeOf: integers('attributeOf'),
  };
  const titles = index.ids.length;
  const fits =
    index.keyOwner.length === index.keys.length &&
    index.keyOwner.every((title) => title < titles) &&
    isPartition(index.start, index.terms.length, index.postings.length) &&
    index.postings.every((posting) => Math.floor(posting / 256) < titles * WIDTH) &&
    index.lengths.length === titles * WIDTH &&
    isPartition(index.attributeStart, titles, index.attributeOf.length) &&
    index.attributeOf.every((attribute) => attribute < index.attributes.length);
  if (!fits)
    throw new DomainError('invalid_state', 'the parts of the index do not fit together', '/postings');
  return index;
}

const isPartition = (start: Uint32Array, lists: number, entries: number): boolean =>
  start.length === lists + 1 &&
  start[0] === 0 &&
  start[lists] === entries &&
  start.every((from, i) => i === 0 || from >= (start[i - 1] as number));
