import type { Context } from '#experiments';
import { z } from 'zod';

/** What of a title's features describes it. Shared by every policy that knows titles by what they are. */
export const attributeParams = {
  ignore: z
    .array(z.string().max(100))
    .max(100)
    .default([])
    .describe('Features of a title that are not looked at.'),
  textAttributes: z
    .array(z.string().max(100))
    .max(20)
    .default(['description', 'extract', 'synopsis'])
    .describe('Features that hold running text: each of their words is an attribute.'),
  yearAttributes: z
    .array(z.string().max(100))
    .max(20)
    .default(['year'])
    .describe('Features that hold a year: its decade and its span of three years are attributes.'),
  leastTitles: z
    .int()
    .min(1)
    .max(1000)
    .default(2)
    .describe('An attribute counts when at least this many titles have it.'),
  maxAttributes: z
    .int()
    .min(1)
    .max(20_000)
    .default(4096)
    .describe(
      'At most this many attributes are kept, those of the most titles first; bounds memory and time.',
    ),
};

export interface AttributeRules {
  readonly ignore: readonly string[];
  readonly textAttributes: readonly string[];
  readonly yearAttributes: readonly string[];
  readonly leastTitles: number;
  readonly maxAttributes: number;
}

const LONGEST_VALUE = 100;
const LONGEST_LIST = 200;
const LONGEST_TEXT = 20_000;
const SHORTEST_WORD = 3;
const WORD = /[\p{L}\p{N}]+/gu;

/** `relation` says how the attribute describes the title (genre, stars...), `name` is unique over all relations. */
export type EmitAttribute = (relation: string, name: string, count: number) => void;

function value(key: string, text: string, emit: EmitAttribute): void {
  const plain = text.trim().toLowerCase().slice(0, LONGEST_VALUE);
  if (plain !== '') emit(key, `${key}=${plain}`, 1);
}

function words(key: string, text: string, emit: EmitAttribute): void {
  const counts = new Map<string, number>();
  for (const [word] of text.slice(0, LONGEST_TEXT).toLowerCase().matchAll(WORD)) {
    if (word.length >= SHORTEST_WORD) counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  for (const [word, count] of counts) emit(key, `${key}~${word}`, 1 + Math.log(count));
}

function year(key: string, number: number, emit: EmitAttribute): void {
  if (!Number.isFinite(number) || Math.abs(number) > 1e6) return;
  emit(`${key}/10`, `${key}/10=${Math.floor(number / 10)}`, 1);
  emit(`${key}/3`, `${key}/3=${Math.floor(number / 3)}`, 1);
}

function many(list: readonly unknown[], one: (text: string) => void): void {
  for (const entry of list.slice(0, LONGEST_LIST)) one(String(entry));
}

/**
 * Names what a title is: one attribute per text, per entry of a list, per true boolean; the decade and three-year span
 * of a year; the words of running text, each with 1 + ln(times). Case and outer blanks do not count. Numbers that are
 * not years describe nothing that titles share, so they are left out.
 */
export function eachAttribute(features: Context, rules: AttributeRules, emit: EmitAttribute): void {
  for (const key of Object.keys(features)) {
    if (rules.ignore.includes(key)) continue;
    const known = features[key];
    if (rules.yearAttributes.includes(key)) {
      if (typeof known === 'number') year(key, known, emit);
    } else if (rules.textAttributes.includes(key)) {
      if (typeof known === 'string') words(key, known, emit);
    } else if (typeof known === 'string') value(key, known, emit);
    else if (known === true) emit(key, `${key}=true`, 1);
    else if (Array.isArray(known)) many(known, (text) => value(key, text, emit));
  }
}
