import type { Surface } from '#experiments';
import { Refused } from './api-client.js';
import type { ApiClient } from './api-client.js';
import type { PageSetUp, PolicySetUp } from './set-up.js';

/** Titles within a row of the home page. */
export const homeTitles: Surface = {
  key: 'home.titles',
  title: 'Titles within a row',
  kind: 'slate',
  defaultValue: null,
  candidateKind: 'title',
};

const HOUR = 3600;

/** Ranks the titles of every row; trained on what members have played. */
export const homeTitlesPolicy: PolicySetUp = {
  id: 'home-titles',
  key: 'ease',
  title: 'Titles by what members play together',
  params: {},
  exploration: { key: 'plackett-luce', params: { temperature: 0.05 } },
  floor: 0,
  reward: { outcomes: [{ name: 'play', value: 'one' }], combine: 'any' },
  windowSeconds: HOUR,
  learning: true,
};

/**
 * The home page of the simulated world as one page. The order of its rows and the artwork of its titles come from the
 * experiments that run there; its titles from the default order, until an experiment gives a policy an arm.
 */
export const homePage: PageSetUp = {
  key: 'home',
  title: 'Home page',
  layout: {
    rows: { surface: 'home.rows', limit: 12 },
    titles: { surface: homeTitles.key, limit: 8 },
    artwork: { surface: 'title.artwork', places: 3 },
    sources: [
      { rows: { feature: 'row', value: 'genre' }, from: 'match', feature: 'genre' },
      { rows: { feature: 'row', value: 'continue' }, from: 'context', attribute: 'unfinished' },
      { rows: { feature: 'row', value: 'list' }, from: 'context', attribute: 'listed' },
      { rows: { feature: 'row', value: 'new' }, from: 'newest', feature: 'year' },
      { rows: { feature: 'row', value: 'because' }, from: 'alike', feature: 'genre' },
    ],
  },
};

/** Trains the policy once, and asks once what other weights would bring; the worker does both in the background. */
export async function prepareHomeTitles(api: ApiClient): Promise<void> {
  for (const [path, body] of [
    ['training-runs', { seed: 'demo', promote: 'auto' }],
    ['trade-offs', { seed: 'demo' }],
  ] as const) {
    const url = `/v1/policies/${homeTitlesPolicy.id}/${path}`;
    const { items } = (await api.persist('GET', url)) as { readonly items: readonly unknown[] };
    if (items.length > 0) continue;
    await api.persist('POST', url, body).catch((error: unknown) => {
      // Somebody else was faster.
      if (!(error instanceof Refused) || error.status !== 409) throw error;
    });
  }
}
