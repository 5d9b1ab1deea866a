import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import type { Action, TrainingSet } from '#policies';
import { histories, readRatings, readTitleFeatures } from '../../apps/cli/src/commands/evaluate-data.js';

/** Every rating is a play, whatever the stars; every title of movies.csv is in the catalogue. */
export function movieLens(directory: string): TrainingSet {
  const features = readTitleFeatures(directory, { tags: true });
  const byUser = histories(readRatings(directory));
  const units = [...byUser.keys()];
  const events = [...byUser.values()].flat();
  const titles = [...new Set(events.map(({ item }) => item))].sort((a, b) => a - b);
  const [unitAt, itemAt] = [units, titles].map((ids) => new Map(ids.map((id, place) => [id, place])));
  return {
    units: units.map(String),
    items: titles.map(String),
    unit: Uint32Array.from(events, ({ user }) => unitAt?.get(user) as number),
    item: Uint32Array.from(events, ({ item }) => itemAt?.get(item) as number),
    value: new Float64Array(events.length).fill(1),
    at: Float64Array.from(events, ({ time }) => time * 1000),
    itemFeatures: titles.map((id) => features.get(id) ?? {}),
    catalogue: catalogueOf(directory, features),
  };
}

function catalogueOf(directory: string, features: ReturnType<typeof readTitleFeatures>): Action[] {
  const rows = parse(readFileSync(join(directory, 'movies.csv')), {
    columns: true,
    skip_empty_lines: true,
  }) as Record<string, string>[];
  return rows.map((row) => ({
    id: row['movieId'] ?? '',
    title: row['title'] ?? '',
    features: features.get(Number(row['movieId'])) ?? {},
  }));
}
