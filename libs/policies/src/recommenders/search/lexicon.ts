import { editsAllowed, editsBetween } from './edits.js';
import { soundOf } from './sound.js';
import type { TextIndex } from './text-index.js';
import { trigramsOf } from './words.js';

/** How a word of the index stands for a word of the query. */
export type MatchKind = 'word' | 'prefix' | 'typo' | 'sound';

export interface Expansion {
  /** Place in the index's terms. */
  readonly term: number;
  /** 1 for the word itself, less for what may be meant. */
  readonly weight: number;
  readonly kind: MatchKind;
}

export interface ExpansionRules {
  /** Typing has not ended: the word may be the beginning of one. */
  readonly isOpen: boolean;
  /** Spoken: what sounds alike is nearly as good as the word. */
  readonly isSpoken: boolean;
  /** Whether words with a few other letters count. */
  readonly typos: boolean;
}

const LONGEST_SHAPED = 6;
const shapeOf = (word: string, length: number): string => `${word.charAt(0)}${length}`;
const MOST_EXPANSIONS = 48;
const SHORTEST_PREFIX = 2;
const SHORTEST_OF_OTHERS = 3;
/** Beside a word that exists, what else may be meant counts this much. */
const BESIDE = { prefix: 0.6, sound: 0.35 } as const;
const SPOKEN = 0.9;
const WRITTEN = 0.5;

/** Numbers by text: the lists of a map that is built once. */
function listed(
  texts: readonly string[],
  partsOf: (text: string) => readonly string[],
): Map<string, number[]> {
  const lists = new Map<string, number[]>();
  texts.forEach((text, i) => {
    for (const part of partsOf(text)) {
      const list = lists.get(part);
      if (list) list.push(i);
      else lists.set(part, [i]);
    }
  });
  return lists;
}

/** Finds the words of an index that a word of a query may mean. */
export class Lexicon {
  private readonly place: ReadonlyMap<string, number>;
  private readonly grams: ReadonlyMap<string, readonly number[]>;
  private readonly sounds: ReadonlyMap<string, readonly number[]>;
  /** Words by first letter and length: a swap in a short word leaves no trigram as it was. */
  private readonly shapes: ReadonlyMap<string, readonly number[]>;
  private readonly shared: Uint8Array;

  constructor(private readonly index: Pick<TextIndex, 'terms' | 'start'>) {
    const { terms } = index;
    this.place = new Map(terms.map((term, i) => [term, i]));
    this.grams = listed(terms, trigramsOf);
    this.sounds = listed(terms, (term) => [soundOf(term)]);
    this.shapes = listed(terms, (term) =>
      term.length <= LONGEST_SHAPED + 1 ? [shapeOf(term, term.length)] : [],
    );
    this.shared = new Uint8Array(terms.length);
  }

  /** What the word may mean, the likeliest first. */
  expand(word: string, rules: ExpansionRules): readonly Expansion[] {
    const found = new Map<number, Expansion>();
    const add = (term: number, weight: number, kind: MatchKind): void => {
      if ((found.get(term)?.weight ?? 0) < weight) found.set(term, { term, weight, kind });
    };
    const exact = this.place.get(word);
    const beside = (kind: keyof typeof BESIDE): number => (exact === undefined ? 1 : BESIDE[kind]);
    if (exact !== undefined) add(exact, 1, 'word');
    if (rules.isOpen && word.length >= SHORTEST_PREFIX) this.addLonger(word, beside('prefix'), add);
    if (rules.typos && word.length >= SHORTEST_OF_OTHERS && !/^\d+$/.test(word)) {
      // A word that exists and was not meant shows in the likeness of the whole name.
      if (exact === undefined) this.addSimilar(word, add);
      const spoken = (rules.isSpoken ? SPOKEN : WRITTEN) * beside('sound');
      for (const term of this.sounds.get(soundOf(word)) ?? []) add(term, spoken, 'sound');
    }
    const order = [...found.values()].sort(
      (a, b) => b.weight - a.weight || this.frequency(b.term) - this.frequency(a.term) || a.term - b.term,
    );
    return order.slice(0, MOST_EXPANSIONS);
  }

  private frequency(term: number): number {
    return (this.index.start[term + 1] as number) - (this.index.start[term] as number);
  }

  private addLonger(
    word: string,
    scale: number,
    add: (term: number, weight: number, kind: MatchKind) => void,
  ): void {
    const { terms } = this.index;
    let low = 0;
    let high = terms.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((terms[middle] as string) < word) low = middle + 1;
      else high = middle;
    }
    const longer: number[] = [];
    for (let i = low; i < terms.length && (terms[i] as string).startsWith(word); i++) longer.push(i);
    longer.sort((a, b) => this.frequency(b) - this.frequency(a) || a - b);
    for (const term of longer.slice(0, MOST_EXPANSIONS)) {
      const share = word.length / (terms[term] as string).length;
      add(term, scale * (0.55 + 0.4 * share), 'prefix');
    }
  }

  /** Words within the edits that the length allows. An edit changes at most four trigrams, so few need to be compared. */
  private addSimilar(word: string, add: (term: number, weight: number, kind: MatchKind) => void): void {
    const { terms } = this.index;
    const most = editsAllowed(word.length);
    const grams = trigramsOf(word);
    const touched: number[] = [];
    const share = (term: number, more: number): void => {
      if (this.shared[term] === 0) touched.push(term);
      this.shared[term] = Math.min(255, (this.shared[term] as number) + more);
    };
    for (const gram of grams) for (const term of this.grams.get(gram) ?? []) share(term, 1);
    for (const term of this.shapedLike(word)) share(term, grams.length);
    const least = Math.max(1, grams.length - 4 * most);
    for (const term of touched) {
      const shared = this.shared[term] as number;
      this.shared[term] = 0;
      const text = terms[term] as string;
      // Nobody errs towards a word of which half the letters are others.
      if (shared < least || text.length < SHORTEST_OF_OTHERS) continue;
      const edits = editsBetween(word, text, Math.min(most, editsAllowed(text.length)));
      if (edits > 0 && edits <= most) add(term, edits === 1 ? 0.8 : 0.5, 'typo');
    }
  }

  private shapedLike(word: string): readonly number[] {
    if (word.length > LONGEST_SHAPED) return [];
    return [-1, 0, 1].flatMap((more) => this.shapes.get(shapeOf(word, word.length + more)) ?? []);
  }
}
