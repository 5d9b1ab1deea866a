import { tastes } from './learning.js';
import { startTestApi } from './api.js';
import type { TestApi } from './api.js';

export const DAY = 86_400_000;
export const NOW = Date.now();
export const FROM = NOW - 50 * DAY;

/** 120 members of two tastes: even ones watch i0 to i19, odd ones i20 to i39. */
export const WORLD = tastes(120, 40, 12, 'world');
export const GENRES = ['comedy', 'drama'] as const;

export const POLICY = {
  id: 'titles',
  key: 'implicit-als',
  title: 'Titles for you',
  params: { dimension: 8, iterations: 6 },
  exploration: { key: 'plackett-luce', params: { temperature: 0.1 } },
  reward: { outcomes: [{ name: 'play', value: 'one' }], combine: 'sum' },
};

/** Plays of the world over 41 days that end nine days ago, the newest unit first to have watched everything. */
async function insertPlays(api: TestApi): Promise<void> {
  await api.db.database.query(`select ensure_partitions($1::date, $2::date)`, [
    new Date(FROM - DAY),
    new Date(NOW + DAY),
  ]);
  const rows = Array.from(WORLD.at, (at, row) => ({
    id: `p${row}`,
    at: new Date(FROM + at).toISOString(),
    unit_id: WORLD.units[WORLD.unit[row] as number],
    item_id: WORLD.items[WORLD.item[row] as number],
  }));
  await api.db.database.query(
    `insert into event (id, at, received_at, unit_id, kind, name, item_id)
     select id, at, at, unit_id, 'outcome', 'play', item_id
     from jsonb_to_recordset($1::jsonb) as r (id text, at timestamptz, unit_id text, item_id text)`,
    [JSON.stringify(rows)],
  );
}

/** A surface of titles, its candidates, a policy that has not been trained, and what members of two tastes watched. */
export async function startRecommenders(): Promise<TestApi> {
  const api = await startTestApi();
  const post = async (path: string, body: unknown) => api.request('POST', path, { body });
  const items = WORLD.items.map((id, i) => ({
    id,
    kind: 'title',
    title: `Title ${id}`,
    features: { genre: GENRES[Math.floor(i / 20)], year: 1990 + i },
    position: i,
  }));
  await post('/v1/items', { items });
  await post('/v1/layers', { key: 'home', title: 'Home' });
  await post('/v1/surfaces', {
    key: 'home.titles',
    title: 'Titles for you',
    kind: 'slate',
    candidateKind: 'title',
  });
  const { status, text } = await post('/v1/policies', POLICY);
  if (status !== 201) throw new Error(text);
  await insertPlays(api);
  return api;
}
