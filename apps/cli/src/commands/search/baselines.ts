import type { Film } from './films.js';

/** Ids of films for a text, the best first. */
export type Searcher = (text: string) => readonly string[];

const TOP = 10;
const words = (text: string): string[] => text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];

function best(films: readonly Film[], scores: ReadonlyMap<number, number>): string[] {
  return [...scores]
    .sort((a, b) => b[1] - a[1] || a[0] - b[0])
    .slice(0, TOP)
    .map(([film]) => (films[film] as Film).id);
}

/** Plain BM25 (k1 1.2, b .75) over all words of title, people, genres and description together. */
export function bm25(films: readonly Film[]): Searcher {
  const postings = new Map<string, Map<number, number>>();
  const lengths = films.map((film, i) => {
    const all = words([film.title, ...film.people, ...film.genres, film.extract].join(' '));
    for (const word of all) {
      let list = postings.get(word);
      if (!list) postings.set(word, (list = new Map<number, number>()));
      list.set(i, (list.get(i) ?? 0) + 1);
    }
    return all.length;
  });
  const average = lengths.reduce((sum, length) => sum + length, 0) / Math.max(1, films.length);
  return (text) => {
    const scores = new Map<number, number>();
    for (const word of words(text)) {
      const list = postings.get(word);
      if (!list) continue;
      const idf = Math.log(1 + (films.length - list.size + 0.5) / (list.size + 0.5));
      for (const [film, times] of list) {
        const scale = 1.2 * (0.25 + (0.75 * (lengths[film] as number)) / average);
        scores.set(film, (scores.get(film) ?? 0) + (idf * times * 2.2) / (times + scale));
      }
    }
    return best(films, scores);
  };
}

const grams = (text: string): Set<string> => {
  const marked = ` ${words(text).join(' ')} `;
  return new Set(Array.from({ length: Math.max(0, marked.length - 2) }, (_, i) => marked.slice(i, i + 3)));
};

/** Similarity of trigrams of titles (Jaccard's coefficient), as databases offer it. */
export function trigrams(films: readonly Film[]): Searcher {
  const postings = new Map<string, number[]>();
  const sizes = films.map(({ title }, i) => {
    const own = grams(title);
    for (const gram of own) postings.set(gram, [...(postings.get(gram) ?? []), i]);
    return own.size;
  });
  return (text) => {
    const asked = grams(text);
    const shared = new Map<number, number>();
    for (const gram of asked)
      for (const film of postings.get(gram) ?? []) shared.set(film, (shared.get(film) ?? 0) + 1);
    const scores = new Map(
      [...shared].map(([film, n]) => [film, n / (asked.size + (sizes[film] as number) - n)]),
    );
    return best(films, scores);
  };
}
