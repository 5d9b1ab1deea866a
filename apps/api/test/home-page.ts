import type { ServedPage } from '../src/serving/serve-page.js';
import type { TestAnswer, TestApi } from './api.js';

/** Rows by genre, one of what is unfinished, and one of everything. */
export const LAYOUT = {
  rows: { surface: 'home.rows', limit: 4 },
  titles: { surface: 'home.titles', limit: 5 },
  artwork: { surface: 'title.artwork', places: 2 },
  sources: [
    { rows: { feature: 'row', value: 'genre' }, from: 'match', feature: 'genre' },
    { rows: { feature: 'row', value: 'continue' }, from: 'context', attribute: 'unfinished' },
  ],
};

/** Orders rows at random, and is rewarded by plays anywhere within a row. */
export const ROWS_POLICY = {
  id: 'rows',
  key: 'uniform-random',
  title: 'Rows at random',
  reward: { outcomes: [{ name: 'play', of: 'within' }], combine: 'any' },
  windowSeconds: 600,
  learning: false,
};

type Post = (path: string, body: unknown) => Promise<TestAnswer>;

/** Rows, the surfaces of a page, and an experiment whose two arms both order rows by ROWS_POLICY. */
export async function setUpRows(post: Post, experiment: (...arms: object[]) => object): Promise<void> {
  const created = async (path: string, body: unknown, status = 201): Promise<void> => {
    const answer = await post(path, body);
    if (answer.status !== status) throw new Error(`${path}: ${answer.text}`);
  };
  const row = (id: string, features: object, position: number) => ({
    id,
    kind: 'row',
    title: `Row ${id}`,
    features,
    position,
  });
  const items = [
    row('comedies', { row: 'genre', genre: 'comedy' }, 0),
    row('dramas', { row: 'genre', genre: 'drama' }, 1),
    row('continue', { row: 'continue' }, 2),
    row('more', {}, 3),
  ];
  await created('/v1/items', { items }, 200);
  await created('/v1/layers', { key: 'rows', title: 'Rows' });
  for (const [key, kind, candidateKind] of [
    ['home.rows', 'slate', 'row'],
    ['title.artwork', 'action', 'artwork'],
  ])
    await created('/v1/surfaces', { key, title: key, kind, candidateKind });
  await created('/v1/policies', ROWS_POLICY);
  const arms = ['a', 'b'].map((key) => ({
    key,
    weight: 1,
    isControl: key === 'a',
    treatment: { kind: 'policy', policyId: ROWS_POLICY.id, steadyFor: 'decision' },
  }));
  const order = { ...experiment(...arms), key: 'row-order', surface: 'home.rows', layer: 'rows' };
  await created('/v1/experiments', order);
  await created('/v1/experiments/row-order/start', {}, 200);
}

/**
 * The first page that is served with what was set up: configuration reaches a process a moment after it was written.
 * @param forget called before every try.
 */
export async function servePageOnce(api: TestApi, forget: () => void): Promise<ServedPage> {
  const body = { unitId: 'u9', context: { history: ['i30', 'i31'], unfinished: ['i21', 'i2'] } };
  for (let tries = 0; ; tries++) {
    forget();
    const answer = await api.request('POST', '/v1/pages/home/serve', { body, key: api.keys.publishable });
    const page = answer.status === 200 ? answer.json<ServedPage>() : null;
    if (page?.order.policy) return page;
    if (tries === 500) throw new Error(`the page is not served: ${answer.text}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
