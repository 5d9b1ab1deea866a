import { createRng } from '#experiments';
import type { Rng } from '#experiments';
import type { Film } from './films.js';

/** Something that somebody who wants a film may type or say. */
export interface Query {
  readonly kind: QueryKind;
  readonly mode: 'text' | 'voice';
  readonly text: string;
  /** Films that answer it, by id; one of them is wanted. */
  readonly answers: ReadonlySet<string>;
}

export const QUERY_KINDS = [
  'exact',
  'partial',
  'typo 1',
  'typo 2',
  'person',
  'phrase',
  'voice',
  'voice about',
] as const;
export type QueryKind = (typeof QUERY_KINDS)[number];

const LETTERS = 'abcdefghijklmnopqrstuvwxyz';
const FILLERS = ['uh', 'um', 'hey', 'okay', 'please'];
const COMMANDS = ['play', 'put on', 'show me', 'find', 'i want to watch', 'search for', 'can you play'];
const ABOUT = ['the one with', 'that movie about', 'the one about', 'a film with', 'something about'];
/** Words as a transcript may spell them. */
const HEARD: readonly (readonly [RegExp, string])[] = [
  [/\bknight/gi, 'night'],
  [/\bwrite/gi, 'right'],
  [/\bsea\b/gi, 'see'],
  [/\btwo\b/gi, 'to'],
  [/\bfour\b/gi, 'for'],
  [/\bson\b/gi, 'sun'],
  [/\bdear\b/gi, 'deer'],
  [/\bsoul\b/gi, 'sole'],
  [/\bcity\b/gi, 'citty'],
  [/\bnight\b/gi, 'nite'],
  [/ph/gi, 'f'],
  [/ck\b/gi, 'k'],
];

const pick = <T>(rng: Rng, list: readonly T[]): T => list[rng.below(list.length)] as T;
const plain = (text: string): string =>
  text
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, ' ')
    .trim();

/** One edit at a place that is not the first letter: a letter dropped, doubled, exchanged with its neighbour, or another one. */
export function misspell(text: string, edits: number, rng: Rng): string {
  let letters = [...text];
  for (let n = 0; n < edits; n++) {
    const places = letters.map((_, i) => i).filter((i) => i > 0 && letters[i] !== ' ');
    if (places.length === 0) return text;
    const at = pick(rng, places);
    const kind = rng.below(4);
    if (kind === 0 && letters.length > 3) letters.splice(at, 1);
    else if (kind === 1) letters.splice(at, 0, pick(rng, [...LETTERS]));
    else if (kind === 2 && at + 1 < letters.length)
      letters = [
        ...letters.slice(0, at),
        letters[at + 1] as string,
        letters[at] as string,
        ...letters.slice(at + 2),
      ];
    else letters[at] = pick(rng, [...LETTERS]);
  }
  return letters.join('');
}

/** Typed up to somewhere behind the first third, at least three letters. */
function partial(title: string, rng: Rng): string {
  const least = Math.max(3, Math.ceil(title.length / 3));
  return title.slice(0, least + rng.below(Math.max(1, title.length - least)));
}

/** Rare words of the description that are not in the title, in their order. */
function descriptive(film: Film, rarity: ReadonlyMap<string, number>, rng: Rng): string | null {
  const names = new Set(plain([film.title, ...film.people].join(' ')).split(' '));
  const words = [...new Set(plain(film.extract).split(' '))].filter(
    (word) => word.length > 3 && /^[a-z]+$/.test(word) && !names.has(word),
  );
  const telling = words.filter((word) => {
    const films = rarity.get(word) ?? 0;
    return films >= 3 && films <= 400;
  });
  if (telling.length < 4) return null;
  const from = rng.below(telling.length - 3);
  return telling.slice(from, from + 4).join(' ');
}

function spoken(title: string, rng: Rng): string {
  const said = HEARD.reduce((text, [from, to]) => text.replace(from, to), plain(title));
  const filler = rng.below(2) === 0 ? `${pick(rng, FILLERS)} ` : '';
  return `${filler}${pick(rng, COMMANDS)} ${said}`;
}

/** In how many films each word of the descriptions is. */
function wordCounts(films: readonly Film[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { extract } of films)
    for (const word of new Set(plain(extract).split(' '))) counts.set(word, (counts.get(word) ?? 0) + 1);
  return counts;
}

function groups(
  films: readonly Film[],
  keysOf: (film: Film) => readonly string[],
): ReadonlyMap<string, ReadonlySet<string>> {
  const found = new Map<string, Set<string>>();
  for (const film of films)
    for (const key of keysOf(film)) found.set(key, (found.get(key) ?? new Set<string>()).add(film.id));
  return found;
}

type Ask = (film: Film, rng: Rng, rarity: ReadonlyMap<string, number>) => string | null;

/** What is asked for from so many letters on: shorter names have nothing to leave out. */
const named =
  (least: number, ask: (title: string, rng: Rng) => string): Ask =>
  ({ title }, rng) =>
    plain(title).length >= least ? ask(plain(title), rng) : null;

/** One text of each kind for a film; null where it has nothing to ask for. */
const ASK: Readonly<Record<QueryKind, Ask>> = {
  exact: named(0, (title) => title),
  partial: named(5, partial),
  'typo 1': named(5, (title, rng) => misspell(title, 1, rng)),
  'typo 2': named(8, (title, rng) => misspell(title, 2, rng)),
  person: ({ people }, rng) => (people.length > 0 ? plain(pick(rng, people)) : null),
  phrase: (film, rng, rarity) => descriptive(film, rarity, rng),
  voice: ({ title }, rng) => spoken(title, rng),
  'voice about': (film, rng, rarity) => {
    const about = descriptive(film, rarity, rng);
    return about && `${pick(rng, ABOUT)} ${about}`;
  },
};

/**
 * Queries of every kind for films drawn at random. Films of one name all answer it, and so do all films of a person.
 * @param films of the whole catalogue; those asked for are drawn from `wanted`.
 * @param perKind queries of each kind.
 */
export function makeQueries(
  films: readonly Film[],
  wanted: readonly Film[],
  perKind: number,
  seed: string,
): Query[] {
  const rarity = wordCounts(films);
  const alikeNamed = groups(films, (film) => [plain(film.title)]);
  const cast = groups(films, (film) => film.people.map(plain));
  return QUERY_KINDS.flatMap((kind) => {
    const rng = createRng(`${seed} ${kind}`);
    const queries: Query[] = [];
    for (let tries = 0; queries.length < perKind && tries < 20 * perKind; tries++) {
      const film = pick(rng, wanted);
      const text = ASK[kind](film, rng, rarity);
      if (text === null || text.trim() === '') continue;
      const alike = kind === 'person' ? cast.get(text) : alikeNamed.get(plain(film.title));
      queries.push({
        kind,
        mode: kind.startsWith('voice') ? 'voice' : 'text',
        text,
        answers:
          kind === 'phrase' || kind === 'voice about' ? new Set([film.id]) : (alike ?? new Set([film.id])),
      });
    }
    return queries;
  });
}
