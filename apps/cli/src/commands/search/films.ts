import fs from 'node:fs';
import path from 'node:path';
import type { Action } from '#policies';

/** A film of the catalogue that is searched. */
export interface Film {
  readonly id: string;
  readonly title: string;
  readonly year: number;
  readonly people: readonly string[];
  readonly genres: readonly string[];
  readonly extract: string;
}

interface FilmRecord {
  readonly movieId: number | null;
  readonly title: string;
  readonly year: number;
  readonly directors: readonly string[];
  readonly cast: readonly string[];
  readonly genres: readonly string[];
  readonly wikipedia: string;
  readonly extract?: string;
}

/** Reads films.jsonl of a directory. @throws Error when it is not there. */
export function readFilms(directory: string): Film[] {
  const lines = fs.readFileSync(path.join(directory, 'films.jsonl'), 'utf8').split('\n');
  const seen = new Set<string>();
  return lines
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as FilmRecord)
    .map(({ movieId, title, year, directors, cast, genres, wikipedia, extract }) => ({
      id: movieId === null ? `wp:${wikipedia}` : `ml:${movieId}`,
      title,
      year,
      people: [...new Set([...directors, ...cast])],
      genres,
      extract: extract ?? '',
    }))
    .filter(({ id }) => !seen.has(id) && seen.add(id));
}

export const actionOf = ({ id, title, year, people, genres, extract }: Film): Action => ({
  id,
  title,
  features: { year, people: [...people], genres: [...genres], extract },
});
