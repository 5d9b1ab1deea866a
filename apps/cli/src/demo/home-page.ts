import type { Layer, Surface } from '#experiments';
import { Refused } from './api-client.js';
import type { ApiClient } from './api-client.js';
import { homePageKey, homeTitlesSurface } from '#simulation';
import type { ExperimentSetUp, PageSetUp, PolicySetUp } from './set-up.js';

/** Titles within a row of the home page. */
export const homeTitles: Surface = {
  key: homeTitlesSurface,
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
  training: { schedule: { at: '03:45', timeZone: 'UTC' } },
};

/** The order of the catalogue, against which that policy is tried. */
export const catalogueOrderPolicy: PolicySetUp = {
  id: 'home-titles-in-order',
  key: 'fixed-order',
  title: 'Titles as the catalogue orders them',
  params: {},
  exploration: { key: 'greedy', params: {} },
  floor: 0,
  reward: homeTitlesPolicy.reward,
  windowSeconds: HOUR,
  learning: false,
};

export const homeTitlesLayer: Pick<Layer, 'key' | 'title'> = { key: 'titles', title: 'Titles within rows' };

/** Lives on whole pages alone, which nobody asked for in the four weeks before: it begins when the live traffic does. */
export const homeTitlesExperiment: ExperimentSetUp = {
  key: 'titles-within-rows',
  title: 'Titles within the rows of the home page',
  hypothesis: 'Members play more from a row whose titles stand in the order of their taste.',
  surface: homeTitlesSurface,
  unitType: 'member',
  layer: homeTitlesLayer.key,
  layerShare: 1,
  traffic: 1,
  arms: [
    {
      key: 'control',
      title: 'Order of the catalogue',
      weight: 1,
      isControl: true,
      treatment: { kind: 'policy', policyId: catalogueOrderPolicy.id, steadyFor: 'decision' },
    },
    {
      key: 'by-taste',
      title: 'By what members play together',
      weight: 1,
      isControl: false,
      treatment: { kind: 'policy', policyId: homeTitlesPolicy.id, steadyFor: 'decision' },
    },
  ],
  decisionMetric: 'click-through',
  secondaryMetrics: ['play-rate', 'watch-minutes'],
  guardrailMetrics: ['cancellations'],
  minimumDays: 7,
  tags: ['demo'],
};

/**
 * The home page of the simulated world as one page. The order of its rows, its titles and their artwork come from the
 * experiments that run on those surfaces.
 */
export const homePage: PageSetUp = {
  key: homePageKey,
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
