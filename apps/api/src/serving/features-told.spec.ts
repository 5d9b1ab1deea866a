import { describe, expect, it } from '@jest/globals';
import { limitFeatures, pageLayoutSchema } from '#policies';
import type { DecisionRequest } from '#policies';
import { FeatureGuard } from '../persistence/feature-guard.js';
import { NO_RULES, keeping, rulesOf } from '../persistence/feature-rules.js';
import type { RegisteredFeature } from '../persistence/feature-rules.js';
import { decodeDecision, encodeDecision } from '../queues/decision-lines.js';
import { ItemIndex } from './catalog-data.js';
import type { PageConfig } from './catalog-data.js';
import { servePage } from './serve-page.js';
import { serveTreatments } from './serve-treatments.js';
import type { ServingState, TreatmentsRequest } from './serve-treatments.js';
import { arm, ask, byPolicy, experiment, item, pluginOf, policy, stateOf, surface } from './testing.js';

const feature = (
  entity: RegisteredFeature['entity'],
  name: string,
  parts: Partial<RegisteredFeature> = {},
): RegisteredFeature => ({
  entity,
  name,
  kind: 'category',
  description: name,
  source: 'test',
  unit: null,
  range: null,
  consent: false,
  sensitive: false,
  version: 1,
  retired: false,
  changedAt: new Date(0),
  ...parts,
});

const REGISTERED = [
  feature('member', 'religion', { sensitive: true }),
  feature('member', 'gender', { sensitive: true, consent: true }),
  feature('member', 'age', { consent: true }),
  feature('context', 'device'),
  feature('context', 'mood', { retired: true }),
  feature('title', 'ethnicity', { sensitive: true }),
  feature('title', 'genre'),
];
const SAID = { religion: 'r', gender: 'f', age: 30, device: 'tv', mood: 'calm', hour: 21 };

describe('what policies are told', () => {
  /** A policy that reports all it received, as serving policy and as shadow. */
  const received: DecisionRequest[] = [];
  const reporter = pluginOf('reporter', () => ({
    decides: 'action',
    propensity: { kind: 'exact' },
    distribution: (request) => {
      received.push(request);
      return Float64Array.from(request.actions, () => 1 / request.actions.length);
    },
  }));
  const rules = rulesOf({ version: 9, unregistered: 'given', features: REGISTERED });
  const serve = (more: object, parts: Partial<TreatmentsRequest> = {}, over = rules) => {
    received.length = 0;
    const state: ServingState = stateOf({
      features: over,
      withdrawals: [{ unitId: 'gone', feature: 'age' }],
      surfaces: [surface('hero', 'action', 'art')],
      policies: [
        policy('p', 'reporter', { shadow: { policyId: 'q', version: null } }),
        policy('q', 'reporter'),
      ],
      experiments: [
        // Who gets into an experiment is said by people, not learned: it may depend on anything.
        experiment('e', 'hero', [arm('a', byPolicy('p'))], {
          targeting: { attribute: 'religion', op: 'eq', value: 'r' },
        }),
      ],
      plugins: [reporter],
    });
    const items = [item('x', 'art', null, { genre: 'drama', ethnicity: 'e' }), item('y', 'art')];
    const catalog = { ...state.catalog, items: new ItemIndex(items, state.catalog.guard) };
    const request = { ...ask('u', 'hero'), context: { ...SAID, ...more }, ...parts };
    const [record] = serveTreatments({ ...state, catalog }, request, 0).records;
    return record;
  };
  const tell = (guard: FeatureGuard, unitId: string, consents: string[]) =>
    guard.tell({ ...SAID, consents }, unitId);

  it('is neither sensitive nor without consent, for the policy, its shadow and the record alike', () => {
    const record = serve({ consents: ['age', 'gender'] });
    expect(received).toHaveLength(2);
    for (const { context, actions } of received) {
      expect(context).toEqual({ age: 30, device: 'tv', hour: 21 });
      expect(actions.map(({ features }) => features)).toEqual([{ genre: 'drama' }, {}]);
    }
    expect(record).toMatchObject({ arm: 'a', context: received[0]?.context, featureVersion: 9 });
    expect(record?.audit).toEqual({ religion: 'r', gender: 'f', consents: ['age', 'gender'] });
    expect(record && decodeDecision(encodeDecision(record))).toMatchObject({
      audit: record?.audit,
      featureVersion: 9,
    });
    // Without consent a sensitive attribute that needs it is not even kept.
    expect(serve({})?.audit).toEqual({ religion: 'r' });
    expect(received[0]?.context).toEqual({ device: 'tv', hour: 21 });
  });

  it('has no way round by features of actions, which may be about the member', () => {
    const given = { id: 'x', features: { age: 30, gender: 'f', religion: 'r', ethnicity: 'e', rank: 1 } };
    const [wanted] = ask('u', 'hero', { actions: [given] }).requests;
    const record = serve({ consents: ['age'] }, { requests: wanted ? [wanted] : [] });
    for (const { actions } of received) expect(actions[0]?.features).toEqual({ genre: 'drama', rank: 1 });
    expect(record?.features).toEqual({ x: { genre: 'drama', rank: 1 } });
  });

  it('leaves out what was taken back, what is retired, and what nobody registered where that is withheld', () => {
    const guard = new FeatureGuard(rules, [{ unitId: 'gone', feature: 'age' }]);
    expect(tell(guard, 'gone', ['age']).context).toEqual({ device: 'tv', hour: 21 });
    expect(tell(guard, 'here', ['age']).context).toEqual({ age: 30, device: 'tv', hour: 21 });
    const strict = new FeatureGuard(rulesOf({ version: 9, unregistered: 'withheld', features: REGISTERED }));
    expect(tell(strict, 'here', ['age']).context).toEqual({ age: 30, device: 'tv' });
    expect(strict.title({ genre: 'drama', year: 1990 })).toEqual({ genre: 'drama' });
    // As long as nothing is registered everything is told, at no cost.
    expect(new FeatureGuard().tell(SAID, 'u').context).toBe(SAID);
    serve({ consents: [] }, {}, NO_RULES);
    expect(received[0]?.context).toEqual({ ...SAID, consents: [] });
  });

  it('keeps hard limits by attributes that policies are not told, and makes no rows of a history they may not know', () => {
    const filters = { wrappers: [{ key: 'hard-filters', params: {} }] };
    const uniform = { params: filters };
    const features = rulesOf({
      version: 3,
      unregistered: 'withheld',
      features: [feature('history', 'history', { consent: true }), feature('title', 'genre')],
    });
    const titles = [
      item('adult', 'title', null, { maturity: 18, genre: 'drama' }),
      item('old', 'title', null, { genre: 'drama' }),
      item('new', 'title', null, { genre: 'drama' }),
    ];
    const pages = [
      {
        key: 'home',
        title: 'Home',
        layout: pageLayoutSchema.parse({
          rows: { surface: 'rows' },
          titles: { surface: 'titles' },
          sources: [{ rows: null, from: 'alike', feature: 'genre' }],
          filters: {},
        }),
      },
    ];
    const guard = new FeatureGuard(keeping(features, limitFeatures(filters)));
    expect(guard.title({ ...titles[0]?.features, year: 1990 })).toEqual({ maturity: 18, genre: 'drama' });
    const world = stateOf({
      surfaces: [
        surface('hero', 'action', 'title'),
        surface('rows', 'slate', 'row'),
        surface('titles', 'slate', 'title'),
      ],
      policies: [policy('p', 'uniform-random', uniform)],
      experiments: [experiment('e', 'hero', [arm('a', byPolicy('p'))])],
      features,
    });
    const items = new ItemIndex([...titles, item('row', 'row')], guard);
    const base = { ...world, catalog: { ...world.catalog, items } };
    const context = { maturityLimit: 12, history: ['old'] };
    for (let n = 0; n < 20; n++) {
      const { records, treatments } = serveTreatments(base, { ...ask(`u${n}`, 'hero'), context }, 0);
      expect(treatments[0]?.action).not.toBe('adult');
      expect(records[0]).toMatchObject({
        candidates: ['old', 'new'],
        context: {},
        probabilities: [0.5, 0.5],
      });
    }
    const shown = (consents: string[]) =>
      servePage(base, pages[0] as PageConfig, { ...ask('u', 'hero'), context: { ...context, consents } }, 0)
        .page.rows;
    expect(shown([])).toEqual([]);
    expect(shown(['history'])[0]?.titles.map(({ id }) => id)).toEqual(['new']);
  });
});
