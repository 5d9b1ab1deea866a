import type { Context } from '#experiments';
import { z } from 'zod';
import { fold, wordsOf } from './words.js';

/** What of a title is looked at, each with a weight of its own in the head. */
export const FIELDS = ['title', 'people', 'tags', 'text'] as const;
export type Field = (typeof FIELDS)[number];
export const WIDTH = FIELDS.length;

const names = (fields: string[], what: string) =>
  z.array(z.string().min(1).max(100)).max(20).default(fields).describe(`Features of a title with ${what}.`);

/** Which features of a title are what. */
export const documentParams = {
  titleAttributes: names(
    ['title', 'name', 'originalTitle', 'aka'],
    'its names, besides that of the catalogue',
  ),
  peopleAttributes: names(
    ['people', 'cast', 'stars', 'directors', 'directed_by', 'creators'],
    'people: cast, directors',
  ),
  tagAttributes: names(
    ['genres', 'genre', 'secondGenre', 'tags', 'concepts', 'keywords', 'kind', 'moods'],
    'short descriptions: genres, tags, concepts',
  ),
  textAttributes: names(['description', 'extract', 'synopsis', 'plot'], 'running text'),
  yearAttributes: names(['year'], 'a year'),
};

export interface DocumentRules {
  readonly titleAttributes: readonly string[];
  readonly peopleAttributes: readonly string[];
  readonly tagAttributes: readonly string[];
  readonly textAttributes: readonly string[];
  readonly yearAttributes: readonly string[];
}

/** A title as the index reads it. */
export interface Document {
  readonly id: string;
  /** All names it is asked by; at least one. */
  readonly names: readonly string[];
  /** Texts per field, in the order of FIELDS. */
  readonly texts: readonly (readonly string[])[];
  /** Nodes of the graph that it hangs on: `people=tom hanks`, `tags=western`, `decade=1990`. */
  readonly attributes: readonly string[];
}

const LONGEST_LIST = 100;
const LONGEST_NAME = 200;

function textsOf(features: Context, keys: readonly string[]): string[] {
  const found: string[] = [];
  for (const key of keys) {
    if (!Object.hasOwn(features, key)) continue;
    const value = features[key];
    if (typeof value === 'string') found.push(value);
    else if (Array.isArray(value)) found.push(...value.slice(0, LONGEST_LIST).map(String));
  }
  return found.filter((text) => text.trim() !== '');
}

function yearsOf(features: Context, keys: readonly string[]): number[] {
  return keys
    .map((key) => (Object.hasOwn(features, key) ? features[key] : null))
    .filter(
      (year): year is number =>
        typeof year === 'number' && Number.isInteger(year) && year > 999 && year < 3000,
    );
}

const decadeOf = (year: number): number => Math.floor(year / 10) * 10;

/**
 * Reads a title for the index.
 * @param title its name in the catalogue; absent: one of `titleAttributes`, else its id.
 */
export function documentOf(
  id: string,
  title: string | undefined,
  features: Context,
  rules: DocumentRules,
): Document {
  const given = [
    ...(title === undefined || title === '' ? [] : [title]),
    ...textsOf(features, rules.titleAttributes),
  ];
  const known = [...new Set(given.map((name) => name.slice(0, LONGEST_NAME)))];
  const people = textsOf(features, rules.peopleAttributes);
  const tags = textsOf(features, rules.tagAttributes);
  const years = yearsOf(features, rules.yearAttributes);
  const attributes = new Set([
    ...people.map((name) => `people=${fold(name.slice(0, LONGEST_NAME))}`),
    ...tags.map((tag) => `tags=${fold(tag.slice(0, LONGEST_NAME))}`),
    ...years.map((year) => `decade=${decadeOf(year)}`),
  ]);
  return {
    id,
    names: known.length > 0 ? known : [id.slice(0, LONGEST_NAME)],
    texts: [
      known,
      people,
      [...tags, ...years.flatMap((year) => [String(year), `${decadeOf(year)}s`])],
      textsOf(features, rules.textAttributes),
    ],
    attributes: [...attributes],
  };
}

/** Words of all texts of a field. */
export const wordsIn = (texts: readonly string[]): string[] => texts.flatMap((text) => wordsOf(text));
