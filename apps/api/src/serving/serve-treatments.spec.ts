import { describe, expect, it } from '@jest/globals';
import { createRng } from '#experiments';
import type { Chooser, Ranker } from '#policies';
import { decodeTime } from 'ulid';
import type { DecisionRecord } from '../queues/jobs.js';
import { serveTreatments } from './serve-treatments.js';
import type { ServingHooks, ServingState, Treatment, TreatmentsRequest } from './serve-treatments.js';
import {
  arm,
  ask,
  byPolicy,
  experiment,
  holdout,
  item,
  pluginOf,
  policy,
  seededHooks,
  stateOf,
  surface,
  value,
} from './testing.js';
import type { World } from './testing.js';

const NOW = Date.UTC(2026, 10, 21, 12);
const DAY = 86_400_000;
const HOOKS = seededHooks('serve treatments');

function one(
  state: ServingState,
  request: TreatmentsRequest,
  now = NOW,
  hooks: ServingHooks = HOOKS,
): { treatment: Treatment; record: DecisionRecord } {
  const { treatments, records } = serveTreatments(state, request, now, hooks);
  return { treatment: treatments[0] as Treatment, record: records[0] as DecisionRecord };
}

const choosing =
  (distribution: () => number[]): (() => Chooser) =>
  () => ({
    decides: 'action',
    propensity: { kind: 'exact' },
    distribution: () => Float64Array.from(distribution()),
  });
const ranking =
  (scores: () => number[]): (() => Ranker) =>
  () => ({ decides: 'slate', scores: () => Float64Array.from(scores()) });

const ARTWORK = [item('a1', 'artwork', 't1'), item('a2', 'artwork', 't1'), item('b1', 'artwork', 't2')];
const ROWS = ['r1', 'r2', 'r3', 'r4'].map((id) => item(id, 'row'));
const SURFACES = [
  surface('banner', 'value', null, 'plain'),
  surface('title.artwork', 'action', 'artwork'),
  surface('home.rows', 'slate', 'row'),
];
const world = (rest: World): ServingState =>
  stateOf({ surfaces: SURFACES, items: [...ARTWORK, ...ROWS], ...rest });

describe('values', () => {
  const state = world({
    experiments: [
      experiment('colour', 'banner', [arm('control', value('grey')), arm('blue', value({ hue: 1 }))]),
    ],
  });

  it('serves the arm of the unit, always the same, and records it', () => {
    const { treatment, record } = one(state, { ...ask('m1', 'banner'), context: { country: 'FR' } });
    expect(treatment).toMatchObject({
      surface: 'banner',
      experiment: 'colour',
      kind: 'value',
      propensity: 1,
      policy: null,
      reason: 'SPLIT',
    });
    expect(treatment.value).toEqual(treatment.arm === 'blue' ? { hue: 1 } : 'grey');
    expect(one(state, ask('m1', 'banner'), NOW + 90 * DAY).treatment.arm).toBe(treatment.arm);
    expect(record).toMatchObject({
      id: treatment.decisionId,
      at: NOW,
      unitId: 'm1',
      unitType: 'member',
      arm: treatment.arm,
      phase: 1,
      chosen: treatment.value,
      armPropensity: 0.5,
      policyId: null,
      probabilities: null,
      candidates: [],
      context: { country: 'FR' },
      fallback: null,
      exposed: false,
      rewardWindowSeconds: null,
      holdout: null,
    });
    expect(decodeTime(treatment.decisionId)).toBe(NOW);
  });

  it('serves the default without an experiment, and says so of an unknown surface', () => {
    expect(one(world({}), ask('m1', 'banner')).treatment).toMatchObject({
      value: 'plain',
      experiment: null,
      arm: null,
      reason: 'NO_EXPERIMENT',
    });
    expect(one(state, ask('m1', 'nowhere')).treatment).toMatchObject({
      kind: 'value',
      value: null,
      reason: 'UNKNOWN_SURFACE',
    });
  });

  it('splits units as the weights say (chi-square, 1 df, 99.9 % quantile 10.8)', () => {
    let blue = 0;
    for (let i = 0; i < 4000; i++) if (one(state, ask(`m${i}`, 'banner')).treatment.arm === 'blue') blue++;
    expect((blue - 2000) ** 2 / 1000).toBeLessThan(10.8);
  });

  it('gives a holdout the default, and names it', () => {
    const held = world({
      holdouts: [holdout('q4', 0.2)],
      experiments: [experiment('colour', 'banner', [arm('control', value('grey'))])],
    });
    const records = Array.from({ length: 1000 }, (_, i) => one(held, ask(`m${i}`, 'banner')).record);
    const inside = records.filter((record) => record.holdout === 'q4');
    expect(inside.length).toBeGreaterThan(140);
    expect(inside.length).toBeLessThan(260);
    for (const record of inside)
      expect(record).toMatchObject({ chosen: 'plain', reason: 'HOLDOUT', arm: null, experiment: null });
    for (const record of records) if (record.holdout === null) expect(record.chosen).toBe('grey');
  });

  it('keeps experiments of one layer apart', () => {
    const layered = world({
      experiments: [
        experiment('one', 'banner', [arm('control', value(1))], { layerRange: [0, 0.5] }),
        experiment('two', 'banner', [arm('control', value(2))], { layerRange: [0.5, 1] }),
      ],
    });
    const seen = Array.from({ length: 500 }, (_, i) => one(layered, ask(`m${i}`, 'banner')).treatment);
    expect(new Set(seen.map((treatment) => treatment.experiment))).toEqual(new Set(['one', 'two']));
    for (const treatment of seen) expect(treatment.value).toBe(treatment.experiment === 'one' ? 1 : 2);
  });

  it('targets on context', () => {
    const targeted = world({
      experiments: [
        experiment('tv', 'banner', [arm('control', value('big'))], {
          targeting: { attribute: 'device', op: 'eq', value: 'tv' },
        }),
      ],
    });
    const asking = (device: string): TreatmentsRequest => ({ ...ask('m1', 'banner'), context: { device } });
    expect(one(targeted, asking('tv')).treatment).toMatchObject({ value: 'big', reason: 'SPLIT' });
    expect(one(targeted, asking('phone')).treatment).toMatchObject({
      value: 'plain',
      reason: 'NOT_ELIGIBLE',
      arm: null,
    });
  });

  it('serves a paused experiment the default and a shipped one its arm', () => {
    const arms = [arm('control', value('grey')), arm('blue', value('blue'))];
    const paused = world({ experiments: [experiment('colour', 'banner', arms, { status: 'paused' })] });
    expect(one(paused, ask('m1', 'banner')).treatment).toMatchObject({ value: 'plain', reason: 'PAUSED' });
    const shipped = world({
      experiments: [experiment('colour', 'banner', arms, { status: 'shipped', shippedArm: 'blue' })],
    });
    for (let i = 0; i < 20; i++) {
      expect(one(shipped, ask(`m${i}`, 'banner')).treatment).toMatchObject({
        value: 'blue',
        arm: 'blue',
        reason: 'SHIPPED',
      });
    }
  });

  it('serves defaults everywhere while the kill switch is on', () => {
    const killed = world({
      killSwitch: true,
      policies: [policy('p', 'uniform-random')],
      experiments: [
        experiment('colour', 'banner', [arm('a', value('blue'))]),
        experiment('art', 'title.artwork', [arm('a', byPolicy('p'))]),
      ],
    });
    expect(one(killed, ask('m1', 'banner')).record).toMatchObject({
      chosen: 'plain',
      reason: 'PAUSED',
      arm: null,
      fallback: 'the kill switch is on',
    });
    expect(one(killed, ask('m1', 'title.artwork', { subject: 't1' })).record).toMatchObject({
      chosen: 'a1',
      propensity: 1,
      rewardWindowSeconds: null,
    });
  });
});

describe('units and testers', () => {
  it('records the unit that an experiment compares, and names it in the answer', () => {
    const state = world({
      experiments: [experiment('colour', 'banner', [arm('a', value('blue'))], { unitType: 'device' })],
    });
    const { treatment, record } = one(state, {
      ...ask('m1', 'banner'),
      context: { deviceId: 'tv-1' },
    });
    expect(treatment.unit).toEqual({ unitId: 'tv-1', unitType: 'device' });
    expect(record).toMatchObject({ unitId: 'tv-1', unitType: 'device', experiment: 'colour' });
  });

  it('records what a tester forced for no experiment, no policy and no reward', () => {
    const state = world({
      policies: [policy('p', 'uniform-random')],
      experiments: [experiment('art', 'title.artwork', [arm('bandit', byPolicy('p'))], { status: 'draft' })],
    });
    const request = ask('m1', 'title.artwork', { subject: 't1' });
    const tester = { name: 'Ann', arms: { art: 'bandit' } };
    const { treatment, record } = one(state, { ...request, tester });
    expect(treatment).toMatchObject({ experiment: 'art', arm: 'bandit', reason: 'FORCED' });
    expect(treatment.action).toMatch(/a1|a2/);
    expect(record).toMatchObject({
      reason: 'FORCED',
      experiment: null,
      arm: null,
      phase: null,
      policyId: null,
      policyVersion: null,
      rewardWindowSeconds: null,
      fallback: 'arm "bandit" of "art" for the tester "Ann"',
    });
    expect(one(state, request).record.reason).toBe('NO_EXPERIMENT');
  });
});

describe('actions', () => {
  const on = (policyId: string, steadyFor?: Parameters<typeof byPolicy>[1]) => [
    experiment('art', 'title.artwork', [arm('bandit', byPolicy(policyId, steadyFor))]),
  ];

  it('picks among the registered candidates of the subject', () => {
    const state = world({ policies: [policy('p', 'uniform-random')], experiments: on('p') });
    const { treatment, record } = one(state, ask('m1', 'title.artwork', { subject: 't1' }));
    expect(treatment).toMatchObject({
      kind: 'action',
      subject: 't1',
      propensity: 0.5,
      policy: { key: 'uniform-random', version: 0 },
      reason: 'POLICY',
    });
    expect(['a1', 'a2']).toContain(treatment.action);
    expect(record).toMatchObject({
      candidates: ['a1', 'a2'],
      probabilities: [0.5, 0.5],
      policyId: 'p',
      policyVersion: 0,
      rewardWindowSeconds: 60,
    });
    expect(record).not.toHaveProperty('features');
    expect(one(state, ask('m1', 'title.artwork', { subject: 'none' })).treatment).toMatchObject({
      action: null,
      reason: 'NO_CANDIDATES',
    });
  });

  it('takes the candidates of the request, and merges what is registered about them', () => {
    let seen: unknown;
    const plugin = pluginOf('spy', () => ({
      decides: 'action',
      propensity: { kind: 'exact' },
      distribution: ({ actions }) => {
        seen = actions;
        return new Float64Array(actions.length).fill(1 / actions.length);
      },
    }));
    const state = stateOf({
      surfaces: SURFACES,
      plugins: [plugin],
      policies: [policy('p', 'spy')],
      experiments: on('p'),
      items: [item('a1', 'artwork', 't1', { mood: 'dark', age: 3 })],
    });
    const { record } = one(
      state,
      ask('m1', 'title.artwork', { actions: [{ id: 'a1', features: { age: 4 } }, { id: 'x' }] }),
    );
    expect(seen).toEqual([
      { id: 'a1', features: { mood: 'dark', age: 4 } },
      { id: 'x', features: {} },
    ]);
    expect(record.candidates).toEqual(['a1', 'x']);
    expect({ ...record.features }).toEqual({ a1: { mood: 'dark', age: 4 } });
  });

  it('serves a fixed action of an arm, and falls back where it is not a candidate', () => {
    const state = world({ experiments: [experiment('art', 'title.artwork', [arm('second', value('a2'))])] });
    expect(one(state, ask('m1', 'title.artwork', { subject: 't1' })).record).toMatchObject({
      chosen: 'a2',
      propensity: 1,
      probabilities: [0, 1],
      reason: 'SPLIT',
    });
    expect(one(state, ask('m1', 'title.artwork', { subject: 't2' })).record).toMatchObject({
      chosen: 'b1',
      reason: 'FALLBACK_INVALID',
    });
    // Null is the default, and nothing has failed.
    const plain = world({ experiments: [experiment('art', 'title.artwork', [arm('control', value(null))])] });
    expect(one(plain, ask('m1', 'title.artwork', { subject: 't1' })).record).toMatchObject({
      chosen: 'a1',
      propensity: 1,
      probabilities: [1, 0],
      reason: 'SPLIT',
      fallback: null,
    });
  });

  it('draws with the frequencies it logs (chi-square, 2 df, 99.9 % quantile 13.8)', () => {
    const state = stateOf({
      surfaces: SURFACES,
      plugins: [
        pluginOf(
          'skewed',
          choosing(() => [0.7, 0.25, 0.05]),
        ),
      ],
      items: ['x', 'y', 'z'].map((id) => item(id, 'artwork')),
      policies: [policy('p', 'skewed', { floor: 0.02 })],
      experiments: on('p'),
    });
    const counts = new Map<unknown, number>();
    const logged = new Map<unknown, number>();
    for (let i = 0; i < 6000; i++) {
      const { record } = one(state, ask(`m${i}`, 'title.artwork'));
      counts.set(record.chosen, (counts.get(record.chosen) ?? 0) + 1);
      logged.set(record.chosen, record.propensity);
      expect(record.propensity).toBe(
        record.probabilities?.[record.candidates.indexOf(String(record.chosen))],
      );
    }
    expect(logged.get('z')).toBeCloseTo(0.02 + 0.94 * 0.05, 12);
    let statistic = 0;
    for (const [id, p] of logged) statistic += ((counts.get(id) ?? 0) - 6000 * p) ** 2 / (6000 * p);
    expect(logged.size).toBe(3);
    expect(statistic).toBeLessThan(13.8);
  });

  it('keeps a draw steady within its period, and lets it move between periods', () => {
    const many = Array.from({ length: 40 }, (_, i) => ({ id: `x${i}` }));
    const draws = (steadyFor: Parameters<typeof byPolicy>[1], times: readonly number[]): number => {
      const state = world({ policies: [policy('p', 'uniform-random')], experiments: on('p', steadyFor) });
      return new Set(
        times.map((at) => one(state, ask('m1', 'title.artwork', { actions: many }), at).treatment.action),
      ).size;
    };
    const hours = Array.from({ length: 24 }, (_, i) => Date.UTC(2026, 10, 23, i));
    const days = Array.from({ length: 7 }, (_, i) => Date.UTC(2026, 10, 23 + i, 5));
    expect(draws('day', hours)).toBe(1);
    expect(draws('hour', hours)).toBeGreaterThan(10);
    expect(draws('week', days)).toBe(1);
    expect(draws('day', days)).toBeGreaterThan(3);
    expect(
      draws(
        'always',
        days.map((at) => at * 1.01),
      ),
    ).toBe(1);
    expect(draws('decision', new Array<number>(24).fill(NOW))).toBeGreaterThan(10);
  });

  it('draws independently for different units, subjects and surfaces', () => {
    const state = world({ policies: [policy('p', 'uniform-random')], experiments: on('p', 'always') });
    const actions = Array.from({ length: 40 }, (_, i) => ({ id: `x${i}` }));
    const seeds = new Set<string>();
    for (const unit of ['u', 'v'])
      for (const subject of ['t1', 't2', null]) {
        seeds.add(one(state, ask(unit, 'title.artwork', { subject, actions })).record.seed);
      }
    expect(seeds.size).toBe(6);
  });
});

describe('slates', () => {
  const state = world({
    policies: [
      policy('p', 'fixed-order', {
        params: { order: ['r3'] },
        exploration: { key: 'plackett-luce', params: { temperature: 1 } },
      }),
    ],
    experiments: [experiment('rows', 'home.rows', [arm('ranked', byPolicy('p', 'always'))])],
  });

  it('orders the candidates up to the limit, with the propensity of each place and of the whole', () => {
    const { treatment, record } = one(state, ask('m1', 'home.rows', { limit: 3 }));
    const slate = treatment.slate ?? [];
    expect(slate).toHaveLength(3);
    expect(new Set(slate.map(({ id }) => id)).size).toBe(3);
    expect(treatment.propensity).toBeCloseTo(
      slate.reduce((product, { propensity }) => product * propensity, 1),
      12,
    );
    expect(record).toMatchObject({
      kind: 'slate',
      probabilities: null,
      candidates: ['r1', 'r2', 'r3', 'r4'],
    });
    expect(one(state, ask('m1', 'home.rows', { limit: 3 })).treatment.slate).toEqual(slate);
    expect(one(state, ask('m1', 'home.rows')).treatment.slate).toHaveLength(4);
  });

  it('serves the default order without an experiment, and a fixed list of an arm first', () => {
    expect(one(world({}), ask('m1', 'home.rows', { limit: 2 })).treatment).toMatchObject({
      slate: [
        { id: 'r1', propensity: 1 },
        { id: 'r2', propensity: 1 },
      ],
      propensity: 1,
      reason: 'NO_EXPERIMENT',
    });
    const fixed = world({
      experiments: [experiment('rows', 'home.rows', [arm('edited', value(['r4', 'r2']))])],
    });
    expect((one(fixed, ask('m1', 'home.rows')).treatment.slate ?? []).map(({ id }) => id)).toEqual([
      'r4',
      'r2',
      'r1',
      'r3',
    ]);
  });

  it('logs a possible propensity for a slate too long for the range of doubles', () => {
    const random = world({
      policies: [policy('p', 'uniform-random')],
      experiments: [experiment('rows', 'home.rows', [arm('random', byPolicy('p'))])],
    });
    const actions = Array.from({ length: 400 }, (_, i) => ({ id: `x${i}` }));
    const { record } = one(random, ask('m1', 'home.rows', { actions }));
    expect(record.propensity).toBeGreaterThan(0);
    expect(record.reason).toBe('POLICY');
  });
});

describe('the safety envelope', () => {
  const failing = (compiled: () => Chooser | Ranker, rest: World = {}): ServingState =>
    world({
      plugins: [pluginOf('bad', compiled)],
      policies: [policy('p', 'bad')],
      experiments: [
        experiment('art', 'title.artwork', [arm('bandit', byPolicy('p'))]),
        experiment('rows', 'home.rows', [arm('bandit', byPolicy('p'))]),
      ],
      ...rest,
    });
  const cases: readonly [string, () => Chooser | Ranker, string][] = [
    [
      'throws',
      choosing(() => {
        throw new Error('no such column');
      }),
      'FALLBACK_ERROR',
    ],
    [
      'throws something odd',
      choosing(() => {
        throw 'text';
      }),
      'FALLBACK_ERROR',
    ],
    ['gives NaN', choosing(() => [NaN, 1]), 'FALLBACK_INVALID'],
    ['gives zeros', choosing(() => [0, 0]), 'FALLBACK_INVALID'],
    ['gives a negative probability', choosing(() => [1.5, -0.5]), 'FALLBACK_INVALID'],
    ['sums to more than 1', choosing(() => [0.9, 0.9]), 'FALLBACK_INVALID'],
    ['gives too few probabilities', choosing(() => [1]), 'FALLBACK_INVALID'],
    ['gives an infinite score', ranking(() => [1, Infinity]), 'FALLBACK_INVALID'],
  ];

  it.each(cases)('serves the default order when the policy %s', (_name, compiled, reason) => {
    const counted: string[] = [];
    const hooks: ServingHooks = {
      monotonic: () => 0,
      newId: () => 'id',
      onFallback: (why, id) => counted.push(`${why} ${id}`),
    };
    const { treatment, record } = one(
      failing(compiled),
      ask('m1', 'title.artwork', { subject: 't1' }),
      NOW,
      hooks,
    );
    expect(treatment).toMatchObject({
      action: 'a1',
      propensity: 1,
      policy: null,
      reason,
      experiment: 'art',
      arm: 'bandit',
    });
    expect(record).toMatchObject({
      policyId: 'p',
      policyVersion: null,
      rewardWindowSeconds: null,
      probabilities: [1, 0],
    });
    expect(typeof record.fallback).toBe('string');
    expect(counted).toEqual([`${reason} p`]);
    expect(one(failing(compiled), ask('m1', 'home.rows', { limit: 2 })).treatment.slate).toEqual([
      { id: 'r1', propensity: 1 },
      { id: 'r2', propensity: 1 },
    ]);
  });

  it('does the same without a snapshot, for a missing policy, and for a policy on a value surface', () => {
    const state = world({
      policies: [policy('p', 'uniform-random')],
      experiments: [
        experiment('art', 'title.artwork', [arm('a', byPolicy('missing'))]),
        experiment('b', 'banner', [arm('a', byPolicy('p'))]),
      ],
    });
    expect(one(state, ask('m1', 'title.artwork', { subject: 't1' })).treatment).toMatchObject({
      action: 'a1',
      reason: 'FALLBACK_NO_SNAPSHOT',
    });
    expect(one(state, ask('m1', 'banner')).treatment).toMatchObject({
      value: 'plain',
      reason: 'FALLBACK_INVALID',
    });
  });

  it('leaves a policy alone that was too slow, for a while', () => {
    let clock = 0;
    let calls = 0;
    const state = failing(
      choosing(() => {
        calls++;
        clock += 30;
        return [0.5, 0.5];
      }),
      { breaker: { budgetMs: 20, stallMs: 250, strikes: 3, windowMs: 10_000, openMs: 30_000 } },
    );
    const slow: string[] = [];
    const hooks: ServingHooks = { monotonic: () => clock, newId: () => 'id', onSlow: (id) => slow.push(id) };
    const reasons = Array.from(
      { length: 6 },
      () => one(state, ask('m1', 'title.artwork', { subject: 't1' }), NOW, hooks).treatment.reason,
    );
    expect(reasons).toEqual([
      'POLICY',
      'POLICY',
      'POLICY',
      'FALLBACK_TIMEOUT',
      'FALLBACK_TIMEOUT',
      'FALLBACK_TIMEOUT',
    ]);
    expect(calls).toBe(3);
    expect(slow).toEqual(['p', 'p', 'p']);
    clock += 31_000;
    expect(one(state, ask('m1', 'title.artwork', { subject: 't1' }), NOW, hooks).treatment.reason).toBe(
      'POLICY',
    );
  });

  it('needs one stall only', () => {
    let clock = 0;
    const state = failing(
      choosing(() => {
        clock += 5000;
        return [0.5, 0.5];
      }),
    );
    const hooks: ServingHooks = { monotonic: () => clock, newId: () => 'id' };
    one(state, ask('m1', 'title.artwork', { subject: 't1' }), NOW, hooks);
    expect(one(state, ask('m1', 'title.artwork', { subject: 't1' }), NOW, hooks).treatment).toMatchObject({
      reason: 'FALLBACK_TIMEOUT',
      propensity: 1,
    });
  });

  it('lets one experiment that contradicts the catalogue harm no other', () => {
    const state = world({
      experiments: [
        experiment('broken', 'banner', [arm('a', value(1))], { layer: 'gone' }),
        experiment('fine', 'banner', [arm('a', value(2))]),
      ],
    });
    expect(one(state, ask('m1', 'banner')).treatment).toMatchObject({ experiment: 'fine', value: 2 });
  });
});

describe('a request', () => {
  it('is answered whole, in order, and identically for equal state, time and ids', () => {
    const state = world({
      policies: [policy('p', 'thompson-beta')],
      experiments: [experiment('art', 'title.artwork', [arm('bandit', byPolicy('p', 'day'))])],
    });
    const request: TreatmentsRequest = {
      unitId: 'm1',
      unitType: 'member',
      context: {},
      expose: true,
      requests: ['home.rows', 'title.artwork', 'banner'].map((key) => ({
        surface: key,
        subject: key === 'title.artwork' ? 't1' : null,
        actions: null,
        limit: null,
        parent: null,
      })),
    };
    const run = (): unknown => {
      const rng = createRng('ids');
      return serveTreatments(state, request, NOW, {
        monotonic: () => 0,
        newId: () => `id-${rng.below(1e9)}`,
      });
    };
    const served = serveTreatments(state, request, NOW);
    expect(served.treatments.map((treatment) => treatment.surface)).toEqual([
      'home.rows',
      'title.artwork',
      'banner',
    ]);
    expect(served.records.every((record) => record.exposed)).toBe(true);
    expect(served.records.map((record) => record.id)).toEqual(
      served.treatments.map((treatment) => treatment.decisionId),
    );
    expect(run()).toEqual(run());
  });
});
