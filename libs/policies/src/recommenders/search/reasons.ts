import type { Reason } from '../../contract.js';
import type { Answered, Place } from './catalogue-index.js';
import { FIELDS } from './documents.js';
import { FEATURES } from './head.js';
import type { TermReason } from './matching.js';

const IN_FIELD = ['its name', 'its people', 'its tags', 'its description'] as const;
const KINDS: Readonly<Record<TermReason['kind'], string>> = {
  word: '',
  prefix: ' begins',
  typo: ' spelled like',
  sound: ' sounds like',
};

function wordText({ word, matched, kind }: TermReason): string {
  return kind === 'word' ? `“${word}”` : `“${word}”${KINDS[kind]} “${matched}”`;
}

function namedBy(name: string): string {
  if (name === 'exact') return 'The query is its name.';
  if (name === 'prefix') return 'Its name begins with the query.';
  if (name === 'holds') return 'Its name is in the query, or the query in its name.';
  return 'Its name is spelled like the query.';
}

/** `people=ann gray` as people read it. */
const attributeText = (attribute: string): string => {
  const [relation, ...name] = attribute.split('=');
  return relation === 'decade' ? `the ${name.join('=')}s` : name.join('=');
};

/**
 * Why a title has its score: the parts of the sum that are not 0, the greatest first. Words are named once, with the field
 * that answers them best.
 */
export function explain(
  row: Float64Array,
  weights: Float64Array,
  answered: Answered | null,
  place: Place | null,
): Reason[] {
  const words = answered && place ? place.matcher.reasons(answered.query, place.title) : [];
  const found = answered && place ? (place.isNew ? answered.fresh : answered.known) : null;
  const reasons = FEATURES.map((name, k): Reason => {
    const adds = (weights[k] as number) * (row[k] as number);
    return { kind: name, adds, detail: detailOf(name, words, found?.path(place?.title ?? -1) ?? null) };
  });
  return reasons.filter(({ adds }) => adds !== 0).sort((a, b) => Math.abs(b.adds) - Math.abs(a.adds));
}

function detailOf(name: string, words: readonly TermReason[], path: string | null): string {
  const field = FIELDS.findIndex((one) => one === name);
  if (field >= 0) {
    const own = words.filter((word) => word.field === field);
    return own.length === 0
      ? `Words in ${IN_FIELD[field] ?? ''}.`
      : `${own.map(wordText).join(', ')} in ${IN_FIELD[field] ?? ''}.`;
  }
  if (name === 'covered') return 'Share of the query that it answers, over all fields.';
  if (name === 'graph')
    return path === null
      ? 'The graph leads to it.'
      : `Titles with “${attributeText(path)}” have to do with the query.`;
  if (name === 'member') return 'What is known of the member.';
  if (name === 'popularity') return 'How many members watched it.';
  return namedBy(name);
}
