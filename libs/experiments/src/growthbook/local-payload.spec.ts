import { GrowthBook, evalCondition } from '@growthbook/growthbook';
import { describe, expect, it } from '@jest/globals';
import type { AssignmentCatalog } from '../compiled-catalog.js';
import { createAssignmentEngine } from '../engine.js';
import { CONDITION_OPERATORS } from '../targeting-operators.js';
import { NO_SOURCES, compileCondition, parseCondition } from '../targeting.js';
import type { Condition, ContextValue, Experiment, Json } from '../vocabulary.js';
import { NotLocal, localCondition } from './local-condition.js';
import { localPayload } from './local-payload.js';

const CONTEXT_VALUES: readonly (ContextValue | undefined)[] = [
  undefined,
  null,
  true,
  false,
  0,
  1,
  -2.5,
  '',
  '1',
  'true',
  'tv-12',
  'TV-12',
  'a/b.c',
  'a.b',
  'aXb',
  'two\nlines',
  '10.0.0',
  'v9.9.0',
  '9.9.0-rc.1',
  [],
  ['1'],
  ['sci-fi', 'drama'],
  ['SCI-FI'],
];

/** Values of a clause, by the kind that the operator takes. */
const VALUES: Readonly<Record<string, readonly (Json | undefined)[]>> = {
  scalar: ['1', 1, true, null, '', 'tv-12'],
  list: [['1', null], [1, true], ['sci-fi', 'DRAMA'], ['sci-fi']],
  'number-or-text': [0, 1, '9', 'tv'],
  text: ['1', 'tv', 'a/b.c', '.', 'fi', '-', '\n'],
  none: [undefined],
  pattern: ['^tv-\\d+$', '^(?:a|two).*s$', 'a\\.b', '[a-c]{1,2}', 'tv'],
  version: ['9.9.0', 'v10.0.0', '1'],
  count: [0, 1, 2],
  type: ['string', 'number', 'boolean', 'list', 'null'],
  entry: [
    { op: 'contains', value: 'fi' },
    { op: 'startsWith', value: 'sci' },
    { op: 'eq', value: '1' },
    { op: 'notIn', value: ['drama'] },
    { op: 'matchesIgnoreCase', value: '^sci' },
  ],
};
const TERMS = { unitAttribute: 'id', sources: NO_SOURCES };

describe('conditions for a GrowthBook SDK', () => {
  it('hold for exactly the contexts for which ours hold, by the evaluator of the SDK', () => {
    const wrong: unknown[] = [];
    let compared = 0;
    for (const { key, value: kind } of CONDITION_OPERATORS) {
      for (const value of VALUES[kind] ?? []) {
        const clause = value === undefined ? { attribute: 'a', op: key } : { attribute: 'a', op: key, value };
        const condition = parseCondition(clause);
        for (const node of [condition, { not: condition }, { any: [condition, condition] }] as Condition[]) {
          const local = JSON.parse(JSON.stringify(localCondition(node, TERMS))) as object;
          for (const actual of CONTEXT_VALUES) {
            const context = actual === undefined ? {} : { a: actual };
            const ours = compileCondition(node)(context, 'u1');
            compared += 1;
            if (evalCondition({ ...context, id: 'u1' }, local as never) !== ours)
              wrong.push([node, actual, ours, local]);
          }
        }
      }
    }
    expect(wrong).toEqual([]);
    expect(compared).toBeGreaterThan(6_000);
  });

  it('take $unit for the attribute that is the unit', () => {
    const local = localCondition({ attribute: '$unit', op: 'in', value: ['u1'] }, TERMS);
    expect([
      evalCondition({ id: 'u1' }, local as never),
      evalCondition({ id: 'u2' }, local as never),
    ]).toEqual([true, false]);
  });

  it.each<Condition>([
    { attribute: 'a.b', op: 'exists' },
    { attribute: 'id', op: 'exists' },
    { attribute: 'constructor', op: 'exists' },
    { attribute: '__proto__', op: 'exists' },
    { attribute: 'a', op: 'inList', value: 'staff' },
    { attribute: 'a', op: 'matches', value: '(?i)tv' },
    { attribute: 'a', op: 'matches', value: '^.$' },
    { attribute: 'a', op: 'matches', value: '\\pL' },
    { segment: 'absent' },
  ])('are refused where an SDK would read them otherwise: %j', (condition) => {
    expect(() => localCondition(condition, TERMS)).toThrow(NotLocal);
  });
});

describe('a payload', () => {
  const experiment = (change: Partial<Experiment>): Experiment => ({
    key: 'e',
    title: 'E',
    surface: 's',
    unitType: 'member',
    status: 'running',
    layer: 'main',
    layerRange: [0, 1],
    traffic: 1,
    targeting: null,
    arms: ['a', 'b'].map((key) => ({
      key,
      title: key,
      weight: 1,
      isControl: false,
      treatment: { kind: 'value', value: key },
    })),
    phase: 1,
    salt: 'e',
    shippedArm: null,
    ...change,
  });
  const catalogOf = (experiments: readonly Experiment[]): AssignmentCatalog => ({
    experiments,
    kept: [{ experiment: 'changed', arm: 'a', armPropensity: 0.5, units: ['u1'] }],
    layers: [
      { key: 'main', title: '', salt: 'layer:main' },
      { key: 'old', title: '', salt: '__ns-old', hashVersion: 1 },
    ],
    holdouts: [],
    surfaces: ['s', 't'].map((key) => ({
      key,
      title: '',
      kind: 'value',
      defaultValue: 'plain',
      candidateKind: null,
    })),
  });
  const payload = (...experiments: Experiment[]) => {
    const catalog = catalogOf(experiments);
    return { local: localPayload(catalog), stopped: localPayload(catalog, true) };
  };

  it.each<[string, Partial<Experiment>, RegExp]>([
    ['a switchback', { switchback: { slotMinutes: 60 } }, /changes arms with time/],
    ['a list', { targeting: { attribute: '$unit', op: 'inList', value: 'staff' } }, /unit list/],
    ['units that keep an arm', { key: 'changed' }, /keep their arm/],
    ['a unit that no attribute carries', { unitType: 'team' }, /no attribute carries/],
  ])('leaves out the whole surface of %s, and says why', (_what, change, why) => {
    const { local, stopped } = payload(experiment(change));
    expect(local.features).toEqual({ t: { defaultValue: 'plain' } });
    expect(local.remote).toEqual({ s: expect.stringMatching(why) });
    expect(stopped.features).toEqual({ s: { defaultValue: 'plain' }, t: { defaultValue: 'plain' } });
  });

  it('has an SDK assign units of hash version 1 as the engine does, with one arm and with several', () => {
    const old = { layer: 'old', layerRange: [0.1, 0.8], hashVersion: 1, traffic: 0.7 } as const;
    const catalog = catalogOf([
      experiment({ ...old, status: 'running' }),
      experiment({
        ...old,
        key: 'f',
        surface: 't',
        salt: 'f',
        status: 'running',
        arms: experiment({}).arms.slice(1),
      }),
    ]);
    const engine = createAssignmentEngine(catalog);
    const { features } = localPayload(catalog);
    const served = new Set<unknown>();
    for (let i = 0; i < 1000; i++) {
      const unitId = `unit-${i}`;
      const sdk = new GrowthBook({ attributes: { id: unitId } });
      sdk.initSync({ payload: { features: features as never } });
      for (const surface of ['s', 't']) {
        const { arm } = engine.assign({ unitId, unitType: 'member' }, surface, {});
        const value = sdk.evalFeature(surface).value as unknown;
        expect([unitId, value]).toEqual([unitId, arm?.key ?? 'plain']);
        served.add(value);
      }
      sdk.destroy();
    }
    expect([...served].sort()).toEqual(['a', 'b', 'plain']);
  });

  it('leaves out experiments whose prerequisites nobody can meet', () => {
    const around = payload(
      experiment({ prerequisites: [{ experiment: 'f', arms: ['a'] }] }),
      experiment({ key: 'f', surface: 't', prerequisites: [{ experiment: 'e', arms: ['a'] }] }),
    );
    expect(around.local.features).toMatchObject({
      s: { defaultValue: 'plain' },
      t: { defaultValue: 'plain' },
    });
    expect(around.local.features['s']).not.toHaveProperty('rules');
  });
});
