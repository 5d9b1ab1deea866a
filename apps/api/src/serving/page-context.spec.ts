import { describe, expect, it } from '@jest/globals';
import type { Json } from '#experiments';
import { replayDecision } from './replay-decision.js';
import { serveTreatments } from './serve-treatments.js';
import type { TreatmentsRequest } from './serve-treatments.js';
import { asConfigured } from './serving-policy.js';
import type { Snapshot } from './serving-policy.js';
import { arm, byPolicy, experiment, item, policy, stateOf, surface } from './testing.js';

const NOW = Date.UTC(2026, 9, 20, 20);
const TITLES = ['a', 'b', 'c', 'd', 'e', 'f'].map((id) =>
  item(id, 'title', null, id === 'a' ? { maturity: 18 } : { maturity: 6 }),
);

function state(wrappers: Json, items = TITLES, key = 'most-popular') {
  const config = policy('titles', key, { params: { wrappers } });
  return {
    config,
    ...stateOf({
      surfaces: [surface('row', 'slate', 'title'), surface('hero', 'action', 'title')],
      items,
      policies: [config],
      experiments: ['row', 'hero'].map((on, i) =>
        experiment(on, on, [arm('control', byPolicy('titles'))], {
          layerRange: [i / 2, (i + 1) / 2],
          layer: 'main',
        }),
      ),
      layers: [{ key: 'main', title: 'main', salt: 'layer:main' }],
    }),
  };
}

/** A unit that is in the experiment of the surface. */
function asking(on: string, times: number, context = {}, serving = state([])): TreatmentsRequest {
  for (let n = 0; ; n++) {
    const request = {
      unitId: `u${n}`,
      unitType: 'member',
      context,
      expose: false,
      requests: Array.from({ length: times }, () => ({
        surface: on,
        subject: null,
        actions: null,
        limit: 2,
        parent: null,
      })),
    };
    if (serveTreatments(serving, request, NOW).records[0]?.policyId === 'titles') return request;
  }
}

describe('lists of one page', () => {
  it('shows no title twice among the rows of a request, and a replay sees the same page', () => {
    const serving = state([{ key: 'de-duplicate' }]);
    const request = asking('row', 4, { shown: ['f'] });
    const { records, treatments } = serveTreatments(serving, request, NOW);
    const ids = treatments.map(({ slate }) => slate?.map(({ id }) => id));
    // Five titles are left of six: the last row begins again, since something has to be served.
    expect(new Set(ids.slice(0, 2).flat()).size).toBe(4);
    expect(ids[2]).toHaveLength(1);
    expect(new Set(ids.slice(0, 3).flat())).toEqual(new Set(['a', 'b', 'c', 'd', 'e']));
    expect(records[1]?.context).toEqual({ shown: ['f', ...(ids[0] ?? [])] });
    const { config } = serving;
    records.slice(0, 3).forEach((record) => {
      const row = {
        unit_id: record.unitId,
        context: record.context,
        subject: null,
        at: new Date(record.at),
        candidates: record.candidates,
        features: null,
        kind: record.kind,
        chosen: record.chosen,
        propensity: record.propensity,
        policy_version: record.policyVersion,
        seed: record.seed,
        slice: null,
      };
      const items = new Map(TITLES.map((one) => [one.id, one]));
      const { replay } = replayDecision(row as never, { config, snapshot: null, items });
      expect(replay).toMatchObject({ identical: true });
    });
  });
});

describe('hard filters in serving', () => {
  const young = { maturityLimit: 12 };
  const hard: Json = [{ key: 'hard-filters' }];

  it('hold where a default order stands in for the policy', () => {
    const row = asking('row', 1, young);
    const untrained = state(hard, TITLES, 'implicit-als');
    const answer = serveTreatments(untrained, row, NOW);
    expect(answer.records[0]).toMatchObject({
      reason: 'FALLBACK_NO_SNAPSHOT',
      candidates: TITLES.map(({ id }) => id),
    });
    expect(answer.treatments[0]?.slate).toEqual([
      { id: 'b', propensity: 1 },
      { id: 'c', propensity: 1 },
    ]);
    const hero = serveTreatments(untrained, asking('hero', 1, young), NOW);
    expect(hero.treatments[0]).toMatchObject({ action: 'b', propensity: 1 });
    expect(hero.records[0]?.probabilities).toEqual([0, 1, 0, 0, 0, 0]);
  });

  it('serve nothing where nothing may be shown', () => {
    const adult = TITLES.slice(0, 1);
    const answer = serveTreatments(state(hard, adult), asking('row', 1, young), NOW);
    expect(answer.treatments[0]).toMatchObject({ slate: [], reason: 'NO_CANDIDATES' });
    expect(serveTreatments(state(hard, adult), asking('row', 1), NOW).treatments[0]?.slate).toHaveLength(1);
  });
});

it('a trained policy wears what is configured now; what was learned online keeps what it was learned with', () => {
  const snapshot = { params: { dimension: 8, wrappers: [{ key: 'freshness' }] } } as unknown as Snapshot;
  const params = { dimension: 64, wrappers: [{ key: 'diversity-mmr' }] };
  expect(asConfigured({ key: 'implicit-als', params }, snapshot)?.params).toEqual({
    dimension: 8,
    wrappers: [{ key: 'diversity-mmr' }],
  });
  expect(asConfigured({ key: 'implicit-als', params: {} }, snapshot)?.params).toEqual({ dimension: 8 });
  expect(asConfigured({ key: 'most-popular', params }, snapshot)).toBe(snapshot);
});
