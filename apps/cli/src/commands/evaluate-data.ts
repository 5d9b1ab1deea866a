import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { DomainError } from '#experiments';
import type { Context, ContextValue } from '#experiments';

/** One rating, of one member for one title. */
export interface RatingEvent {
  readonly user: number;
  readonly item: number;
  readonly rating: number;
  /** Unix seconds. */
  readonly time: number;
}

/** Reads `ratings.csv` (userId, movieId, rating, timestamp). @throws DomainError `invalid_data`. */
export function readRatings(directory: string): readonly RatingEvent[] {
  const path = join(directory, 'ratings.csv');
  if (!existsSync(path)) throw new DomainError('invalid_data', `${path} does not exist`);
  const rows = parse(readFileSync(path), { columns: true, skip_empty_lines: true }) as Record<
    string,
    string
  >[];
  return rows.map((row, index) => {
    const event = {
      user: Number(row['userId']),
      item: Number(row['movieId']),
      rating: Number(row['rating']),
      time: Number(row['timestamp']),
    };
    if (!Object.values(event).every(Number.isFinite)) {
      throw new DomainError(
        'invalid_data',
        `${path}: row ${index + 2} is not userId,movieId,rating,timestamp`,
      );
    }
    return event;
  });
}

/** What else is known of the titles. */
export interface TitleSources {
  /** Directory with kg-triples.tsv. */
  readonly graph?: string | undefined;
  /** Whether tags.csv beside the ratings counts. */
  readonly tags?: boolean | undefined;
}

/**
 * What is known of each title: genres and year from `movies.csv`, where there is one, with a graph directory a list
 * of tails per relation from its `kg-triples.tsv`, and if wanted the `tags` of `tags.csv`.
 * @throws DomainError `invalid_data` when the graph or the tags are asked for and missing.
 */
export function readTitleFeatures(
  directory: string,
  { graph, tags }: TitleSources = {},
): ReadonlyMap<number, Context> {
  const features = new Map<number, Record<string, ContextValue>>();
  const path = join(directory, 'movies.csv');
  if (existsSync(path)) {
    const rows = parse(readFileSync(path), { columns: true, skip_empty_lines: true }) as Record<
      string,
      string
    >[];
    for (const row of rows) {
      const genres = (row['genres'] ?? '')
        .split('|')
        .filter((genre) => genre !== '' && !genre.startsWith('('));
      const year = /\((\d{4})\)\s*$/.exec(row['title'] ?? '')?.[1];
      features.set(Number(row['movieId']), year === undefined ? { genres } : { genres, year: Number(year) });
    }
  }
  if (graph !== undefined) addGraph(features, join(graph, 'kg-triples.tsv'));
  if (tags === true) addTags(features, join(directory, 'tags.csv'));
  return features;
}

type Titles = Map<number, Record<string, ContextValue>>;

function addTo(features: Titles, title: number, relation: string, value: string): void {
  const known = features.get(title) ?? {};
  const values = known[relation];
  known[relation] = Array.isArray(values) ? [...(values as readonly string[]), value] : [value];
  features.set(title, known);
}

function addTags(features: Titles, path: string): void {
  if (!existsSync(path)) throw new DomainError('invalid_data', `${path} does not exist`);
  const rows = parse(readFileSync(path), { columns: true, skip_empty_lines: true }) as Record<
    string,
    string
  >[];
  for (const row of rows) addTo(features, Number(row['movieId']), 'tags', row['tag'] ?? '');
}

function addGraph(features: Titles, path: string): void {
  if (!existsSync(path)) throw new DomainError('invalid_data', `${path} does not exist`);
  for (const line of readFileSync(path, 'utf8').split('\n')) {
    const [head, relation, tail] = line.split('\t');
    if (!head?.startsWith('ml:') || relation === undefined || tail === undefined) continue;
    addTo(features, Number(head.slice(3)), relation, tail);
  }
}

/** Ids that occur at least `least` times, ascending. */
export function frequent(ids: readonly number[], least: number): number[] {
  const counts = new Map<number, number>();
  for (const id of ids) counts.set(id, (counts.get(id) ?? 0) + 1);
  return [...counts]
    .filter(([, count]) => count >= least)
    .map(([id]) => id)
    .sort((a, b) => a - b);
}

/** Events by user, users ascending, each in the order (time, item). */
export function histories(events: readonly RatingEvent[]): Map<number, RatingEvent[]> {
  const sorted = [...events].sort((a, b) => a.user - b.user || a.time - b.time || a.item - b.item);
  const byUser = new Map<number, RatingEvent[]>();
  for (const event of sorted) {
    const list = byUser.get(event.user);
    if (list === undefined) byUser.set(event.user, [event]);
    else list.push(event);
  }
  return byUser;
}
