import { describe, expect, it } from '@jest/globals';
import { GrowthBook } from '@growthbook/growthbook';
import { createAssignmentEngine } from '../../engine.js';
import { createRng } from '../../rng.js';
import { compileCondition } from '../../targeting.js';
import type { Context, Experiment, Json } from '../../vocabulary.js';
import { compileMongoCondition } from '../condition.js';
import { NotImported, importCondition } from './condition.js';
import { importGrowthBook } from './import.js';

const OPTIONS = { environment: 'production', metrics: { met_1: 'watch-minutes' } };

const rule = (parts: object = {}) => ({
  type: 'experiment-ref',
  id: 'fr_1',
  enabled: true,
  experimentId: 'exp_1',
  variations: [
    { variationId: 'v0', value: 'a' },
    { variationId: 'v1', value: 'b' },
    { variationId: 'v2', value: 'c' },
  ],
  ...parts,
});
const feature = (rules: object[] = [rule()], parts: object = {}) => ({
  id: 'hero',
  valueType: 'string',
  defaultValue: 'x',
  environments: { production: { enabled: true, defaultValue: 'y', rules } },
  ...parts,
});
const phase = (parts: object = {}) => ({
  seed: 'seed-1',
  coverage: 0.9,
  trafficSplit: ['v0', 'v1', 'v2'].map((variationId, i) => ({ variationId, weight: [0.2, 0.3, 0.5][i] })),
  targetingCondition: '{"country":{"$in":["FR","BE"]},"age":{"$lt":40}}',
  savedGroupTargeting: [{ matchType: 'none', savedGroups: ['staff'] }],
  ...parts,
});
const experiment = (parts: object = {}, phaseParts: object = {}) => ({
  id: 'exp_1',
  trackingKey: 'hero text',
  name: 'Hero text',
  status: 'running',
  hashAttribute: 'id',
  hashVersion: 2,
  variations: ['v0', 'v1', 'v2'].map((variationId, i) => ({ variationId, key: String(i), name: `V${i}` })),
  phases: [phase({ seed: 'an earlier one' }), phase(phaseParts)],
  settings: { goals: [{ metricId: 'met_1' }, { metricId: 'met_2' }], guardrails: [] },
  ...parts,
});
const exported = (parts: object = {}) => ({
  features: [feature()],
  experiments: [experiment()],
  savedGroups: [{ id: 'staff', name: 'Staff', type: 'list', attributeKey: 'email', values: ['s@x', 't@x'] }],
  namespaces: [{ id: 'ns-1', label: 'Home', format: 'multiRange', seed: 'ns-seed' }],
  metrics: [{ id: 'met_2', name: 'Orders', type: 'count', sql: { conversionSQL: 'select 1' } }],
  segments: [{ id: 'seg_1', name: 'Buyers' }],
  ...parts,
});

/** The arms that the engine gives once what was imported runs. */
function served(made: ReturnType<typeof importGrowthBook>, contexts: readonly [string, Context][]) {
  const [design] = made.config.experiments as unknown as Experiment[];
  if (!design) throw new Error(`nothing was imported: ${JSON.stringify(made.report)}`);
  const layers = (made.config.layers ?? []).map((layer) => ({ salt: 'own', ...(layer as object) }));
  const unitLists = ((made.config.unitLists ?? []) as unknown as { key: string; ids: string[] }[]).map(
    ({ key, ids }) => ({ key, hashed: false, entries: ids }),
  );
  const segments = (made.config.segments ?? []).map((one) => ({ version: 1, ...(one as object) }));
  const engine = createAssignmentEngine({
    experiments: [{ ...design, status: 'running', phase: 1, shippedArm: null }],
    layers: layers as never,
    segments: segments as never,
    unitLists,
    surfaces: (made.config.surfaces ?? []) as never,
    holdouts: [],
  });
  return contexts.map(([unitId, context]) => {
    const { arm } = engine.assign({ unitId, unitType: 'member' }, design.surface, context);
    return arm?.treatment.kind === 'value' ? arm.treatment.value : null;
  });
}

const rng = createRng('import');
const contexts = Array.from({ length: 2000 }, (_, i): [string, Context] => [
  `unit-${i}`,
  {
    country: ['FR', 'BE', 'DE'][rng.below(3)] as string,
    ...(rng.uniform() < 0.2 ? {} : { age: rng.below(80) }),
    ...(rng.uniform() < 0.1 ? { email: 's@x' } : {}),
  },
]);

/** What GrowthBook's own SDK serves for the payload that GrowthBook makes of the same experiment. */
function theirs(more: object = {}, before: object[] = []) {
  const payload = {
    hero: {
      defaultValue: 'y',
      rules: [
        ...before,
        {
          key: 'hero text',
          seed: 'seed-1',
          hashAttribute: 'id',
          hashVersion: 2,
          coverage: 0.9,
          weights: [0.2, 0.3, 0.5],
          variations: ['a', 'b', 'c'],
          condition: {
            $and: [
              { country: { $in: ['FR', 'BE'] }, age: { $lt: 40 } },
              { $not: { email: { $inGroup: 'staff' } } },
            ],
          },
          ...more,
        },
      ],
    },
  };
  return contexts.map(([id, context]) => {
    const sdk = new GrowthBook({ attributes: { id, ...context } });
    sdk.initSync({ payload: { features: payload as never, savedGroups: { staff: ['s@x', 't@x'] } } });
    const { value, source } = sdk.evalFeature('hero');
    sdk.destroy();
    return source === 'experiment' ? (value as Json) : null;
  });
}

describe('an import from GrowthBook', () => {
  it('gives every unit of a running experiment the arm that it has there', () => {
    const made = importGrowthBook(exported(), OPTIONS);
    const arms = served(made, contexts);
    expect(arms).toEqual(theirs());
    expect(new Set(arms)).toEqual(new Set(['a', 'b', 'c', null]));
    expect(made.config.surfaces).toEqual([{ key: 'hero', title: 'hero', kind: 'value', defaultValue: 'y' }]);
    expect(made.report.map(({ kind, outcome, to }) => [kind, outcome, to])).toEqual([
      ['feature', 'mapped', 'surface/hero'],
      ['experiment', 'mapped', 'experiment/hero-text'],
      ['metric', 'skipped', null],
      ['saved group', 'mapped', 'segment/staff'],
      ['segment', 'skipped', null],
      ['namespace', 'skipped', null],
    ]);
    expect(made.config.experiments).toMatchObject([{ decisionMetric: 'watch-minutes', salt: 'seed-1' }]);
  });

  it('keeps namespaces of the new kind, and whom earlier rules take away', () => {
    const namespace = { namespaceId: 'ns-1', ranges: [[0.2, 0.7]], hashAttribute: 'id', hashVersion: 2 };
    const force = { type: 'force', id: 'fr_0', enabled: true, value: 'z', condition: '{"country":"BE"}' };
    const made = importGrowthBook(
      exported({ features: [feature([force, rule()])], experiments: [experiment({}, { namespace })] }),
      OPTIONS,
    );
    const filters = [{ seed: 'ns-seed', attribute: 'id', hashVersion: 2, ranges: [[0.2, 0.7]] }];
    expect(served(made, contexts)).toEqual(
      theirs({ filters }, [{ force: 'z', condition: { country: 'BE' } }]),
    );
    expect(made.config.layers).toEqual([{ key: 'ns-1', title: 'Home', salt: 'ns-seed' }]);
    expect(made.report[0]).toMatchObject({ outcome: 'partly', notes: [expect.stringContaining('fr_0')] });
  });

  it('keeps the arms of hash version 1 and of namespaces of the old kind, also where their parts overlap', () => {
    const namespace = { namespaceId: 'ns-old', range: [0.2, 0.7] };
    const one = experiment({ hashVersion: 1 }, { namespace });
    const made = importGrowthBook(exported({ experiments: [one], namespaces: [] }), OPTIONS);
    const arms = served(made, contexts);
    expect(arms).toEqual(theirs({ hashVersion: 1, namespace: ['ns-old', 0.2, 0.7] }));
    expect(new Set(arms)).toEqual(new Set(['a', 'b', 'c', null]));
    expect(made.config.layers).toEqual([
      { key: 'ns-old', title: 'ns-old', salt: '__ns-old', hashVersion: 1 },
    ]);
    expect(made.report.find(({ kind }) => kind === 'experiment')?.outcome).toBe('mapped');
    // Version 2 in an old namespace: each salt has its own.
    const mixed = importGrowthBook(exported({ experiments: [experiment({}, { namespace })] }), OPTIONS);
    expect(served(mixed, contexts)).toEqual(theirs({ namespace: ['ns-old', 0.2, 0.7] }));

    const rival = experiment({ id: 'exp_2', trackingKey: 'rival' }, { namespace });
    const both = importGrowthBook(exported({ experiments: [one, rival] }), OPTIONS);
    expect(both.config.layers).toMatchObject([
      { key: 'ns-old' },
      { key: 'ns-old.rival', salt: '__ns-old', hashVersion: 1 },
    ]);
    expect(both.config.experiments).toMatchObject([
      { layer: 'ns-old' },
      { layer: 'ns-old.rival', layerRange: [0.2, 0.7] },
    ]);
    // A layer deals by one kind of unit: another attribute has a layer that hashes alike, whether it runs or not.
    const beside = { namespace: { ...namespace, range: [0.7, 1] } };
    const devices = (['running', 'draft'] as const).map((status, i) =>
      experiment({ id: `dev_${i}`, trackingKey: `dev-${status}`, hashAttribute: 'deviceId', status }, beside),
    );
    const drafted = experiment({ id: 'exp_3', trackingKey: 'drafted', status: 'draft' }, beside);
    const units = importGrowthBook(
      exported({ experiments: [...devices.slice(1), drafted, one, devices[0]] }),
      OPTIONS,
    );
    expect(units.config.experiments).toMatchObject([
      { key: 'dev-draft', unitType: 'device', layer: 'ns-old.dev-draft' },
      { key: 'drafted', unitType: 'member', layer: 'ns-old' },
      { key: 'hero-text', unitType: 'member', layer: 'ns-old' },
      { key: 'dev-running', unitType: 'device', layer: 'ns-old.dev-running' },
    ]);
    expect(units.report.find(({ id }) => id === 'dev_0')?.notes.join()).toContain('deals by member');
  });

  it('makes a unit list of a long list of units, and asks for what is too long for a file', () => {
    const values = contexts.filter((_, i) => i % 4 !== 0).map(([id]) => id);
    const callers = { id: 'callers', name: 'Callers', type: 'list', attributeKey: 'id', values };
    const targeting = {
      savedGroupTargeting: [{ matchType: 'all', savedGroups: ['callers'] }],
      targetingCondition: '',
    };
    const made = importGrowthBook(
      exported({ experiments: [experiment({}, targeting)], savedGroups: [callers] }),
      OPTIONS,
    );
    expect(served(made, contexts)).toEqual(theirs({ condition: { id: { $in: values } } }));
    expect(made.config.unitLists).toMatchObject([
      { key: 'callers', ids: expect.arrayContaining(['unit-1']) },
    ]);
    const many = { ...callers, values: Array.from({ length: 6000 }, (_, i) => `u-${i}`) };
    const long = importGrowthBook(exported({ savedGroups: [many] }), OPTIONS);
    expect(long.config.unitLists).toEqual([{ key: 'callers', title: 'Callers', size: 6000 }]);
    expect(long.report.find(({ id }) => id === 'callers')).toMatchObject({ outcome: 'partly' });
    const other = importGrowthBook(exported({ savedGroups: [{ ...many, attributeKey: 'email' }] }), OPTIONS);
    expect(other.report.find(({ id }) => id === 'callers')?.notes.join()).toContain('no units');
  });

  it.each([
    ['an unknown hash', experiment({ hashVersion: 3 }), [rule()], 'hashes with version 3'],
    [
      'a fine part of a namespace',
      experiment({}, { namespace: { namespaceId: 'old', range: [0, 0.33333] } }),
      [rule()],
      'finer than',
    ],
    [
      'weights that leave buckets out',
      experiment(
        {},
        {
          trafficSplit: [
            { variationId: 'v0', weight: 0.33 },
            { variationId: 'v1', weight: 0.33 },
            { variationId: 'v2', weight: 0.33 },
          ],
        },
      ),
      [rule()],
      'buckets would change arm',
    ],
    [
      'a condition on a path',
      experiment({}, { targetingCondition: '{"user.plan":"gold"}' }),
      [rule()],
      'user.plan',
    ],
    [
      'a saved group that is not there',
      experiment({}, { savedGroupTargeting: [{ matchType: 'all', savedGroups: ['lost'] }] }),
      [rule()],
      'lost',
    ],
    ['a bandit', experiment({ type: 'multi-armed-bandit' }), [rule()], 'multi-armed-bandit'],
    [
      'a rollout before it',
      experiment(),
      [{ type: 'rollout', id: 'fr_0', coverage: 0.5, value: 'z' }, rule()],
      'fr_0',
    ],
    [
      'another one before it',
      experiment(),
      [{ ...rule(), id: 'fr_0', experimentId: 'exp_0' }, rule()],
      'fr_0',
    ],
    ['a fallback', experiment({ fallbackAttribute: 'deviceId' }), [rule()], 'deviceId'],
  ])('takes no running experiment over with %s, and says why', (_what, one, rules, reason) => {
    const before = { ...experiment({ id: 'exp_0', trackingKey: 'first', hashVersion: 3 }) };
    const made = importGrowthBook(
      exported({ experiments: [before, one], features: [feature(rules)] }),
      OPTIONS,
    );
    expect(made.config.experiments).toBeUndefined();
    const note = made.report.find(({ kind, id }) => kind === 'experiment' && id === 'exp_1');
    expect([note?.outcome, note?.notes.join(' ')]).toEqual(['skipped', expect.stringContaining(reason)]);
    const draft = importGrowthBook(
      exported({ experiments: [before, { ...one, status: 'draft' }], features: [feature(rules)] }),
      OPTIONS,
    );
    expect(draft.config.experiments).toHaveLength(1);
    expect(draft.report.find(({ kind, id }) => kind === 'experiment' && id === 'exp_1')?.outcome).toBe(
      'partly',
    );
  });

  /** By type of the attribute: where GrowthBook converts one type into another, ours tells them apart. */
  const compares = ['$lt', '$lte', '$gt', '$gte'];
  const meanings: [string, Json[], Context[]][] = [
    [
      'numbers',
      [
        { a: 1 },
        { a: 0 },
        { a: null },
        ...compares.flatMap((op) => [-1, 0, 2].map((n) => ({ a: { [op]: n } }))),
        { a: { $gt: 0, $lt: 2 } },
        { a: { $ne: 1 } },
        { a: { $in: [1, 'x'] } },
        { a: { $not: { $gte: 1 } } },
        { a: { $type: 'number' } },
        { $or: [{ a: 1 }, { a: { $lt: 0 } }] },
        { $nor: [{ a: 1 }, { a: 2 }] },
        { $not: { a: 1 } },
        { $and: [{ a: { $exists: true } }, { a: { $ne: 2 } }] },
      ],
      [{}, { a: -3 }, { a: 0 }, { a: 1 }, { a: 2 }],
    ],
    [
      'texts',
      [
        { a: 'x' },
        { a: 'null' },
        { a: { $nin: ['x'] } },
        { a: { $ini: ['X'] } },
        { a: { $lt: 'm' } },
        { a: { $regex: '^n' } },
        { a: { $regexi: '^X$' } },
        { a: { $exists: false } },
      ],
      [{}, { a: 'x' }, { a: 'X' }, { a: 'null' }, { a: 'none' }],
    ],
    ['truths', [{ a: true }, { a: false }, { a: { $ne: true } }], [{}, { a: true }, { a: false }]],
    [
      'versions',
      ['$veq', '$vne', '$vlt', '$vlte', '$vgt', '$vgte'].map((op) => ({ a: { [op]: '1.10.0' } })),
      [{}, { a: '1.2.0' }, { a: '1.10.0' }, { a: '2.0.0-beta' }],
    ],
    [
      'lists',
      [
        { a: { $all: ['p', 'q'] } },
        { a: { $in: ['q'] } },
        { a: { $size: 2 } },
        { a: { $size: { $gt: 1 } } },
        { a: { $elemMatch: { $eq: 'p' } } },
        { a: { $type: 'array' } },
      ],
      [{}, { a: [] }, { a: ['p'] }, { a: ['q', 'p'] }, { a: ['p', 'q', 'r'] }],
    ],
  ];
  it.each(meanings)(
    'means the same by conditions on %s, also where they are missing',
    (_what, conditions, known) => {
      const terms = { unitAttribute: 'id', group: () => ({ attribute: 'a', op: 'exists' as const }) };
      const wrong = conditions.flatMap((condition) => {
        const ours = compileCondition(importCondition(JSON.stringify(condition), terms));
        const there = compileMongoCondition(condition);
        return known
          .filter((context) => ours(context) !== there(context as never))
          .map((context) => `${JSON.stringify(condition)} ${JSON.stringify(context)}`);
      });
      expect(wrong).toEqual([]);
    },
  );

  it('refuses conditions that have no counterpart', () => {
    const terms = { unitAttribute: 'id', group: () => ({ attribute: 'a', op: 'exists' as const }) };
    for (const text of [
      '{"a.b":1}',
      '{"a":{"$near":1}}',
      '{"a":[1]}',
      '{"__proto__":1}',
      'not json',
      `${'{"$not":'.repeat(9000)}{}${'}'.repeat(9000)}`,
    ])
      expect(() => importCondition(text, terms)).toThrow(NotImported);
    expect(importCondition('{}', terms)).toBeNull();
    expect(importCondition('{"id":"u1"}', terms)).toMatchObject({ attribute: '$unit', value: 'u1' });
  });
});
