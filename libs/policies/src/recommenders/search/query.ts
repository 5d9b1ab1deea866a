import { FIELDS, WIDTH } from './documents.js';
import type { Field } from './documents.js';
import { fold, singular, titleKey, wordsOf } from './words.js';

export const MODES = ['text', 'voice'] as const;
export type Mode = (typeof MODES)[number];

/** What is asked for: a title; whatever speaks of something; a person's titles; titles like another; more of a title. */
export type Intent = 'title' | 'about' | 'person' | 'like' | 'more';

export interface QueryTerm {
  readonly term: string;
  /** The last word of a text, which may go on. */
  readonly isOpen: boolean;
  /** How much each field counts for this word, in the order of FIELDS. */
  readonly fields: Float64Array;
}

export interface Query {
  readonly mode: Mode;
  readonly intent: Intent;
  /** The whole of it, as the key of a title. */
  readonly key: string;
  /** What is left without what was said around it, as the key of a title; the title of `like` and `more`. */
  readonly core: string;
  readonly terms: readonly QueryTerm[];
}

const LONGEST_QUERY = 200;
const MOST_TERMS = 16;

const FILLER =
  /^(?:(?:uh+|um+|er+|erm|hmm+|oh|hey|hi|ok|okay|please|well|so|like|now|just|then)\s+)+|(?:\s+(?:uh+|um+|er+|erm|hmm+|please))+(?=\s|$)/g;
const COMMAND =
  /^(?:(?:can|could|would|will) (?:you|we|i) (?:please )?)?(?:(?:i (?:want|wanna|would like|d like|id like) to|i wanna|lets|let us) )?(?:play|watch|see|put on|show me|show|find me|find|search for|search|look for|open|start|give me|get me|i want|i am looking for|im looking for|where can i (?:watch|find|see)) /;
const OF_A_TITLE = /^(?:the )?(?:movie|film|show|series) (?:called|named) /;
const THING =
  '(?:the |that |a |an |some |any )?(?:one|movies?|films?|shows?|series|something|anything|stuff|titles?)';
const LIKE = new RegExp(
  `^(?:${THING} )?(?:similar to|just like|like) (.+)$|^${THING} (?:similar to|just like|like) (.+)$`,
);
const PERSON = new RegExp(
  `^(?:(.*?) ?(?:movies?|films?|shows?|series)|${THING}) (?:with|starring|featuring|directed by|by|from) (.+)$|^(?:starring|featuring|directed by) (.+)$`,
);
const MORE = /^(?:more|another|next) (?:of )?(.+)$/;
const ABOUT = new RegExp(
  `^${THING} (?:with|about|where|in which|that has|that is|thats|which has|who|set in|when|featuring) (?:(?:the|a|an|there is|theres|they) )?(.+)$`,
);
const LEADING = /^(?:the one|that one) /;

const weights = (some: Partial<Record<Field, number>>): Float64Array =>
  Float64Array.from(FIELDS, (field) => some[field] ?? 1);
const FIELD_WEIGHTS: Readonly<Record<Intent, Float64Array>> = {
  title: new Float64Array(WIDTH).fill(1),
  about: weights({ title: 0.5, people: 0.6 }),
  person: weights({ title: 0.3, tags: 0.4, text: 0.7 }),
  like: new Float64Array(WIDTH).fill(1),
  more: weights({ people: 0.5, text: 0.5 }),
};

interface Spoken {
  readonly intent: Intent;
  readonly text: string;
  /** Words besides those that the intent is about: "horror" of "horror films with ...". */
  readonly rest: string;
}

/** "The one with ..." names a thing, "movies with ..." a person more often; the person's field decides by itself. */
function intentOf(text: string): Spoken {
  const like = LIKE.exec(text);
  if (like) return { intent: 'like', text: (like[1] ?? like[2]) as string, rest: '' };
  const isOne = LEADING.test(text) || /^(?:something|anything|stuff) /.test(text);
  const about = ABOUT.exec(text);
  if (isOne && about) return { intent: 'about', text: about[1] as string, rest: '' };
  const person = PERSON.exec(text);
  if (person) return { intent: 'person', text: (person[2] ?? person[3]) as string, rest: person[1] ?? '' };
  if (about) return { intent: 'about', text: about[1] as string, rest: '' };
  const more = MORE.exec(text);
  if (more) return { intent: 'more', text: more[1] as string, rest: '' };
  return { intent: 'title', text, rest: '' };
}

/** Without what is said before the thing itself. */
function withoutPolitenesses(text: string): string {
  const bare = text.replace(FILLER, '').trim();
  const asked = bare.replace(COMMAND, '').replace(OF_A_TITLE, '').trim();
  return asked === '' ? bare : asked.replace(FILLER, '').trim() || asked;
}

function queryTerms(text: string, intent: Intent, mode: Mode, isLast: boolean): QueryTerm[] {
  const words = wordsOf(text);
  return words.map((word, i) => ({
    term: singular(word),
    isOpen: isLast && mode === 'text' && i === words.length - 1,
    fields: FIELD_WEIGHTS[intent],
  }));
}

/**
 * Understands what was typed or said.
 * @param isTitle whether a key is the name of a title: then nothing of it is taken for an intent.
 * @returns null for an empty query.
 */
export function readQuery(text: string, mode: Mode, isTitle: (key: string) => boolean): Query | null {
  const folded = fold(text.slice(0, LONGEST_QUERY));
  const key = titleKey(wordsOf(folded));
  if (key === '') return null;
  const spoken: Spoken = isTitle(key)
    ? { intent: 'title', text: folded, rest: '' }
    : readIntent(folded, isTitle);
  const terms = [
    ...queryTerms(spoken.rest, 'about', mode, false),
    ...queryTerms(spoken.text, spoken.intent, mode, true),
  ].slice(0, MOST_TERMS);
  return { mode, intent: spoken.intent, key, core: titleKey(wordsOf(spoken.text)), terms };
}

function readIntent(folded: string, isTitle: (key: string) => boolean): Spoken {
  const bare = withoutPolitenesses(folded);
  if (isTitle(titleKey(wordsOf(bare)))) return { intent: 'title', text: bare, rest: '' };
  return intentOf(bare);
}

/** Reads the question of a request: `context.query` and `context.mode`. */
export function questionOf(context: Readonly<Record<string, unknown>>): { text: string; mode: Mode } | null {
  const text = Object.hasOwn(context, 'query') ? context['query'] : null;
  if (typeof text !== 'string' || text.trim() === '') return null;
  return { text, mode: context['mode'] === 'voice' ? 'voice' : 'text' };
}
