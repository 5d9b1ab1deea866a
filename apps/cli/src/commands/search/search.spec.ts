import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createRng } from '#experiments';
import { bm25, trigrams } from './baselines.js';
import { evaluateSearch } from './evaluate-search.js';
import { readFilms } from './films.js';
import { makeQueries, misspell, QUERY_KINDS } from './queries.js';

const FIRST = ['Silent', 'Northern', 'Burning', 'Golden', 'Hidden', 'Paper', 'Broken', 'Distant'];
const LAST = ['Harbour', 'Orbit', 'Kingdom', 'Station', 'Garden', 'Witness', 'Highway', 'Parade'];
const NAMES = ['Ada Brandt', 'Bruno Costa', 'Carla Dubois', 'Farid Haddad', 'Greta Jansen', 'Kira Almeida'];
const WORDS =
  'captain detective island robbery lighthouse orchestra smuggler glacier violinist carnival'.split(' ');

describe('evaluate search', () => {
  let data: string;
  beforeAll(() => {
    data = fs.mkdtempSync(path.join(os.tmpdir(), 'marquee-films-'));
    const films = FIRST.flatMap((first, i) =>
      LAST.map((last, j) => ({
        movieId: i * 8 + j,
        title: `The ${first} ${last}`,
        year: 1980 + i + j,
        directors: [NAMES[(i + j) % 6]],
        cast: [NAMES[(i * j) % 6]],
        genres: [j % 2 === 0 ? 'Drama' : 'Comedy'],
        wikipedia: `f${i}-${j}`,
        extract: [0, 1, 2, 3, 4].map((k) => WORDS[(i * (k + 1) + j * (k + 2) + k) % 10]).join(' and the '),
      })),
    );
    fs.writeFileSync(path.join(data, 'films.jsonl'), films.map((film) => JSON.stringify(film)).join('\n'));
  });
  afterAll(() => fs.rmSync(data, { recursive: true, force: true }));

  it('asks in every way, the same way for the same seed, and beats both baselines where they are weak', () => {
    const result = evaluateSearch({ data, queries: 30, seed: 3 });
    expect(result.films).toBe(64);
    const mrr = (searcher: string, kind: string): number => result.searchers[searcher]?.[kind]?.mrr as number;
    expect(result.searchers['search']?.['exact']?.['success@1']).toBe(1);
    for (const kind of ['typo 1', 'typo 2', 'partial'])
      expect(mrr('search', kind)).toBeGreaterThan(mrr('bm25', kind) + 0.1);
    for (const kind of ['person', 'phrase'])
      expect(mrr('search', kind)).toBeGreaterThan(mrr('trigrams', kind) + 0.1);
    for (const other of ['bm25', 'trigrams']) expect(mrr('search', 'all')).toBeGreaterThan(mrr(other, 'all'));
    const again = evaluateSearch({ data, queries: 30, seed: 3 });
    expect(again.searchers).toEqual(result.searchers);
  });

  it('makes as many edits as it says, and knows who answers', () => {
    const films = readFilms(data);
    const queries = makeQueries(films, films, 10, 'seed');
    expect(queries.map(({ kind }) => kind)).toEqual(
      QUERY_KINDS.flatMap((kind) => new Array<string>(10).fill(kind)),
    );
    const persons = queries.filter(({ kind }) => kind === 'person');
    for (const { text, answers } of persons)
      expect(films.filter(({ people }) => people.some((name) => name.toLowerCase() === text)).length).toBe(
        answers.size,
      );
    expect(misspell('harbour', 1, createRng('a'))).not.toBe('');
    const names = new Set(films.map(({ title }) => title.toLowerCase()));
    expect(queries.filter(({ kind, text }) => kind === 'phrase' && names.has(text))).toEqual([]);
  });

  it('ranks as BM25 and trigrams are defined', () => {
    const films = readFilms(data).slice(0, 8);
    // Two of eight films speak of it, once each; the shorter one first.
    expect(bm25(films)('orbit')).toEqual(['ml:1']);
    expect(bm25(films)('nowhere')).toEqual([]);
    expect(trigrams(films)('silent orbt')[0]).toBe('ml:1');
  });
});
