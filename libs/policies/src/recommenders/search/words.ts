/** How texts become words that can be compared: titles, names, descriptions and what people type or say. */

const NOT_DECOMPOSED: Readonly<Record<string, string>> = {
  ß: 'ss',
  æ: 'ae',
  œ: 'oe',
  ø: 'o',
  ł: 'l',
  đ: 'd',
  ð: 'd',
  þ: 'th',
  ı: 'i',
};
const SPECIAL = /[ßæœøłđðþı]/g;
const MARKS = /\p{M}/gu;
const APOSTROPHES = /['’‘`´]/g;
const NO_WORD = /[^\p{L}\p{N}]+/gu;
/** Longer texts are cut: a bound on the time of an index and of a request. */
const LONGEST_TEXT = 20_000;

const NUMBERS: Readonly<Record<string, number>> = {
  zero: 0,
  one: 1,
  two: 2,
  three: 3,
  four: 4,
  five: 5,
  six: 6,
  seven: 7,
  eight: 8,
  nine: 9,
  ten: 10,
  eleven: 11,
  twelve: 12,
  thirteen: 13,
  fourteen: 14,
  fifteen: 15,
  sixteen: 16,
  seventeen: 17,
  eighteen: 18,
  nineteen: 19,
  twenty: 20,
  thirty: 30,
  forty: 40,
  fifty: 50,
  sixty: 60,
  seventy: 70,
  eighty: 80,
  ninety: 90,
  hundred: 100,
  thousand: 1000,
  first: 1,
  second: 2,
  third: 3,
  fourth: 4,
  fifth: 5,
  sixth: 6,
  seventh: 7,
  eighth: 8,
  ninth: 9,
  tenth: 10,
};
const ROMAN = /^(?=[ivx])x{0,3}(ix|iv|v?i{0,3})$/;
const ROMAN_VALUES: Readonly<Record<string, number>> = { i: 1, v: 5, x: 10 };
const ORDINAL = /^(\d+)(st|nd|rd|th)$/;

const ARTICLES = new Set(['the', 'a', 'an']);

/** Case, accents and punctuation gone; words apart by one blank. */
export function fold(text: string): string {
  return text
    .slice(0, LONGEST_TEXT)
    .normalize('NFKD')
    .replace(MARKS, '')
    .toLowerCase()
    .replace(SPECIAL, (letter) => NOT_DECOMPOSED[letter] ?? letter)
    .replace(APOSTROPHES, '')
    .replaceAll('&', ' and ')
    .replace(NO_WORD, ' ')
    .trim();
}

function romanValue(word: string): number {
  let sum = 0;
  for (let i = 0; i < word.length; i++) {
    const value = ROMAN_VALUES[word[i] as string] as number;
    sum += value < (ROMAN_VALUES[word[i + 1] ?? ''] ?? 0) ? -value : value;
  }
  return sum;
}

/**
 * A word as it is compared: "seven", "VII" and "7th" are 7. A single letter is a numeral only after another word, so that
 * the film "X" and the word "I" stay what they are.
 */
function canonical(word: string, place: number): string {
  const number = Object.hasOwn(NUMBERS, word) ? NUMBERS[word] : undefined;
  if (number !== undefined) return String(number);
  const ordinal = ORDINAL.exec(word);
  if (ordinal) return ordinal[1] as string;
  if (ROMAN.test(word) && place > 0 && word !== 'i') return String(romanValue(word));
  return word;
}

/** All words of a text in their order, each as it is compared, articles included. */
export function wordsOf(text: string): string[] {
  const folded = fold(text);
  return folded === '' ? [] : folded.split(' ').map(canonical);
}

/** Without articles, unless nothing else is there. */
export function withoutArticles(words: readonly string[]): readonly string[] {
  const kept = words.filter((word) => !ARTICLES.has(word));
  return kept.length > 0 ? kept : words;
}

/** Singular of an English plural (Harman 1991, S-stemmer); short words stay. */
export function singular(word: string): string {
  if (word.length < 4 || !word.endsWith('s')) return word;
  if (word.endsWith('ies') && !/[ae]ies$/.test(word)) return `${word.slice(0, -3)}y`;
  if (word.endsWith('es') && !/[aeo]es$/.test(word)) return word.slice(0, -1);
  if (word.endsWith('us') || word.endsWith('ss')) return word;
  return word.slice(0, -1);
}

/** Words as an index holds them. */
export const termsOf = (text: string): string[] => wordsOf(text).map(singular);

/** Two titles with the same key are the same title to whoever asks for one. */
export const titleKey = (words: readonly string[]): string => withoutArticles(words).join(' ');

/** Words that say nothing in running text. */
export const STOP_WORDS: ReadonlySet<string> = new Set(
  (
    'a an and are as at be been but by can for from had has have he her him his how if in into is it its me more my no ' +
    'not of on or our she so some than that the their them then there they this to up was we were what when where which ' +
    'who will with would you your film movie show series 1 also american directed starring written produced based star ' +
    'about after over while during find who whose himself herself'
  ).split(' '),
);

/** Trigrams of a word or key, its ends marked. */
export function trigramsOf(text: string): string[] {
  const marked = `^${text.replaceAll(' ', '')}$`;
  const grams = new Set<string>();
  for (let i = 0; i + 3 <= marked.length; i++) grams.add(marked.slice(i, i + 3));
  return [...grams];
}
