import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { createAssignmentEngine, type AssignmentCatalog } from './engine.js';
import { bucket } from './hash.js';
import { armWeights, realisedShares, realisedTraffic } from './split.js';
import type { Arm, Experiment, Holdout, Layer, Surface } from './vocabulary.js';

const surface = (key: string): Surface => ({
  key,
  title: key,
  kind: 'value',
  defaultValue: null,
  candidateKind: null,
});
const layer = (key: string): Layer => ({ key, title: key, salt: `layer:${key}` });
const arm = (key: string, weight: number, isControl = false): Arm => ({
  key,
  title: key,
  weight,
  isControl,
  treatment: { kind: 'value', value: key },
});
const experiment = (parts: Partial<Experiment> = {}): Experiment => ({
  key: 'rows',
  title: 'Rows',
  surface: 'home.rows',
  unitType: 'member',
  status: 'running',
  layer: 'home',
  layerRange: [0, 1],
  traffic: 1,
  targeting: null,
  arms: [arm('control', 1, true), arm('new', 1)],
  phase: 1,
  salt: parts.key ?? 'rows',
  shippedArm: null,
  ...parts,
});
const holdout = (parts: Partial<Holdout> = {}): Holdout => ({
  key: 'q4',
  title: 'Q4',
  salt: 'holdout:q4',
  share: 0.1,
  surfaces: null,
  unitType: 'member',
  enabled: true,
  ...parts,
});
const catalog = (experiments: Experiment[], holdouts: Holdout[] = []): AssignmentCatalog => ({
  experiments,
  holdouts,
  layers: [layer('home'), layer('art')],
  surfaces: [surface('home.rows'), surface('title.artwork')],
});
const member = (i: number | string) => ({ unitId: `member-${i}`, unitType: 'member' });
const N = 20_000;

/** Arm of each of N members on a surface; null where they are in no arm. */
function arms(experiments: Experiment[], on = 'home.rows', holdouts: Holdout[] = []): (string | null)[] {
  const engine = createAssignmentEngine(catalog(experiments, holdouts));
  return Array.from({ length: N }, (_, i) => engine.assign(member(i), on, {}).arm?.key ?? null);
}
const share = (values: readonly unknown[], wanted: unknown): number =>
  values.filter((v) => v === wanted).length / values.length;
/** Five standard deviations of a share of N units. */
const tolerance = (p: number): number => 5 * Math.sqrt((p * (1 - p)) / N);

describe('split', () => {
  it('gives arms their weights, whatever the weights sum to', () => {
    const result = arms([experiment({ arms: [arm('a', 50, true), arm('b', 30), arm('c', 20)] })]);
    for (const [key, p] of [
      ['a', 0.5],
      ['b', 0.3],
      ['c', 0.2],
    ] as const) {
      expect(Math.abs(share(result, key) - p)).toBeLessThan(tolerance(p));
    }
  });

  it('reports the shares the buckets realise', () => {
    const three = { traffic: 1, arms: [arm('a', 1, true), arm('b', 1), arm('c', 1)] };
    expect(armWeights(three.arms)).toEqual([1 / 3, 1 / 3, 1 / 3]);
    expect(realisedShares(three)).toEqual([0.3334, 0.3333, 0.3333]);
    const tiny = { traffic: 0.0001, arms: [arm('a', 0.9, true), arm('b', 0.1)] };
    expect(realisedShares(tiny)).toEqual([0.5, 0.5]);
    expect(realisedTraffic(tiny)).toBe(0.0002);
    expect(realisedShares({ ...three, traffic: 0 })).toEqual([0, 0, 0]);
    expect(
      createAssignmentEngine(catalog([experiment(tiny)])).explain(member(1), 'home.rows', {}).armPropensity,
    ).toBe(1);
  });

  it('keeps the proportions and moves nobody when traffic grows', () => {
    const ramp = [0.05, 0.2, 0.5, 1].map((traffic) => arms([experiment({ traffic })]));
    ramp.forEach((step, i) => {
      const p = [0.05, 0.2, 0.5, 1][i] ?? 0;
      expect(Math.abs(share(step, 'new') - p / 2)).toBeLessThan(tolerance(p / 2));
      const before = ramp[i - 1] ?? [];
      expect(before.every((key, unit) => key === null || key === step[unit])).toBe(true);
    });
  });

  it('moves nobody on any ramp (property)', () => {
    const weights = fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 2, maxLength: 5 });
    fc.assert(
      fc.property(
        weights,
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.string(),
        (w, a, b, id) => {
          const list = w.map((weight, i) => arm(`a${i}`, weight, i === 0));
          const at = (traffic: number) =>
            createAssignmentEngine(catalog([experiment({ traffic, arms: list })])).assign(
              member(id),
              'home.rows',
              {},
            ).arm;
          const before = at(Math.min(a, b));
          if (before) expect(at(Math.max(a, b))).toBe(before);
        },
      ),
      { seed: 3, numRuns: 300 },
    );
  });

  it('is what a GrowthBook SDK with seed = key computes', () => {
    const result = arms([
      experiment({ key: 'exp-home-rows', arms: [arm('a', 0.2, true), arm('b', 0.8)], traffic: 0.5 }),
    ]);
    const expected = result.map((_key, i) => {
      const n = bucket('exp-home-rows', `member-${i}`);
      return n < 0.1 ? 'a' : n >= 0.2 && n < 0.2 + 0.5 * 0.8 ? 'b' : null;
    });
    expect(result).toEqual(expected);
  });
});

describe('layers', () => {
  it('never give one unit two experiments of a layer, and leave the split of each untouched', () => {
    const first = experiment({ key: 'first', layerRange: [0, 0.4] });
    const second = experiment({ key: 'second', layerRange: [0.4, 1], surface: 'title.artwork' });
    const [a, b] = [arms([first, second]), arms([first, second], 'title.artwork')];
    expect(a.every((key, i) => (key === null) !== (b[i] === null))).toBe(true);
    expect(Math.abs(share(a, 'new') - 0.2)).toBeLessThan(tolerance(0.2));
    expect(Math.abs(share(b, 'new') - 0.3)).toBeLessThan(tolerance(0.3));
  });

  it('of different layers are independent: each cell of a 2 x 2 table has its product share', () => {
    const a = arms([experiment({ key: 'first' })]);
    const b = arms([experiment({ key: 'second', surface: 'title.artwork', layer: 'art' })], 'title.artwork');
    for (const x of ['control', 'new']) {
      for (const y of ['control', 'new']) {
        const both = a.map((key, i) => key === x && b[i] === y);
        expect(Math.abs(share(both, true) - 0.25)).toBeLessThan(tolerance(0.25));
      }
    }
  });

  it('hand a surface to the first match in the order of the catalogue', () => {
    const first = experiment({ key: 'first', layerRange: [0, 0.5] });
    const engine = createAssignmentEngine(catalog([first, experiment({ key: 'second', layer: 'art' })]));
    const result = Array.from(
      { length: N },
      (_, i) => engine.assign(member(i), 'home.rows', {}).experiment?.key,
    );
    expect(Math.abs(share(result, 'first') - 0.5)).toBeLessThan(tolerance(0.5));
    expect(share(result, 'first') + share(result, 'second')).toBe(1);
  });

  it('refuse a live experiment in a layer that does not exist', () => {
    expect(() => createAssignmentEngine(catalog([experiment({ layer: 'gone' })]))).toThrow(/"gone"/);
    expect(() =>
      createAssignmentEngine(catalog([experiment({ layer: 'gone', status: 'archived' })])),
    ).not.toThrow();
  });
});

describe('holdouts', () => {
  it('come first, grow without moving anybody out and are independent of the split', () => {
    const [small, large] = [0.1, 0.2].map((p) => arms([experiment()], 'home.rows', [holdout({ share: p })]));
    expect(Math.abs(share(small ?? [], null) - 0.1)).toBeLessThan(tolerance(0.1));
    expect(small?.every((key, i) => key !== null || large?.[i] === null)).toBe(true);
    expect(Math.abs(share(large ?? [], 'new') - 0.4)).toBeLessThan(tolerance(0.4));
  });

  it('cover their surfaces and their unit type, and also hide what has been shipped', () => {
    const all = holdout({ share: 1, surfaces: ['home.rows'] });
    const shipped = experiment({ status: 'shipped', shippedArm: 'new' });
    const other = experiment({ key: 'other', surface: 'title.artwork' });
    const engine = createAssignmentEngine(catalog([shipped, other], [all]));
    expect(engine.assign(member(1), 'home.rows', {})).toMatchObject({
      reason: 'HOLDOUT',
      holdout: 'q4',
      arm: null,
      armPropensity: 1,
    });
    expect(engine.assign(member(1), 'title.artwork', {}).reason).toBe('SPLIT');
    const device = createAssignmentEngine(catalog([shipped], [{ ...all, unitType: 'device' }]));
    expect(device.assign(member(1), 'home.rows', {}).reason).toBe('SHIPPED');
    const off = createAssignmentEngine(catalog([shipped], [{ ...all, enabled: false }]));
    expect(off.assign(member(1), 'home.rows', {}).reason).toBe('SHIPPED');
  });
});

describe('reasons', () => {
  const reason = (experiments: Experiment[], context = {}, unit = member(1), on = 'home.rows') =>
    createAssignmentEngine(catalog(experiments)).assign(unit, on, context).reason;

  it('name why a unit has no arm', () => {
    expect(reason([])).toBe('NO_EXPERIMENT');
    expect(reason([experiment({ status: 'draft' }), experiment({ key: 'x', status: 'stopped' })])).toBe(
      'NO_EXPERIMENT',
    );
    expect(reason([experiment()], {}, member(1), 'nowhere')).toBe('UNKNOWN_SURFACE');
    expect(reason([experiment()], {}, member(1), 'constructor')).toBe('UNKNOWN_SURFACE');
    expect(reason([experiment({ unitType: 'device' })])).toBe('NOT_ELIGIBLE');
    expect(
      reason([experiment({ targeting: { attribute: 'country', op: 'eq', value: 'FR' } })], { country: 'DE' }),
    ).toBe('NOT_ELIGIBLE');
    expect(reason([experiment({ traffic: 0 })])).toBe('EXCLUDED');
    expect(reason([experiment({ layerRange: [0, 0] })])).toBe('EXCLUDED');
    expect(reason([experiment({ traffic: 0 }), experiment({ key: 'b', unitType: 'device' })])).toBe(
      'EXCLUDED',
    );
  });

  it('tell a fixed value from a policy', () => {
    const policy = { kind: 'policy', policyId: 'p', steadyFor: 'day' } as const;
    const both = ['a', 'b'].map((key) => ({ ...arm(key, 1, key === 'a'), treatment: policy }));
    expect(reason([experiment({ arms: both })])).toBe('POLICY');
    expect(reason([experiment()])).toBe('SPLIT');
  });

  it('keep the units of a paused experiment in place', () => {
    const paused = experiment({ key: 'paused', status: 'paused', traffic: 0.5 });
    const engine = createAssignmentEngine(catalog([paused, experiment({ key: 'next', layer: 'art' })]));
    const running = createAssignmentEngine(catalog([{ ...paused, status: 'running' }]));
    for (let i = 0; i < 200; i++) {
      const inside = running.assign(member(i), 'home.rows', {}).arm !== null;
      const now = engine.assign(member(i), 'home.rows', {});
      expect(now.reason).toBe(inside ? 'PAUSED' : 'SPLIT');
      expect(now.experiment?.key).toBe(inside ? 'paused' : 'next');
      if (inside) expect(now.arm).toBeNull();
    }
  });

  it('give all units of a paused experiment one arm where it names one, whatever was shipped before', () => {
    const paused = experiment({ key: 'paused', status: 'paused', traffic: 0.5, pausedArm: 'control' });
    const shipped = experiment({ key: 'old', status: 'shipped', shippedArm: 'new' });
    const engine = createAssignmentEngine(catalog([shipped, paused]));
    const running = createAssignmentEngine(catalog([{ ...paused, status: 'running' }]));
    for (let i = 0; i < 200; i++) {
      const inside = running.assign(member(i), 'home.rows', {}).arm !== null;
      const { reason: why, arm: given, armPropensity } = engine.assign(member(i), 'home.rows', {});
      expect([why, given?.key, armPropensity]).toEqual([
        inside ? 'PAUSED' : 'SHIPPED',
        inside ? 'control' : 'new',
        1,
      ]);
    }
  });

  it('ship to every targeted unit, after the running ones, the latest first', () => {
    const old = experiment({
      key: 'old',
      status: 'shipped',
      shippedArm: 'control',
      layerRange: [0, 0.1],
      traffic: 0.1,
    });
    const recent = experiment({
      key: 'recent',
      status: 'shipped',
      shippedArm: 'new',
      targeting: { attribute: 'tv', op: 'eq', value: true },
    });
    const engine = createAssignmentEngine(catalog([old, recent, experiment({ key: 'live', traffic: 0 })]));
    expect(engine.assign(member(5), 'home.rows', { tv: true })).toMatchObject({
      reason: 'SHIPPED',
      arm: { key: 'new' },
      armPropensity: 1,
    });
    expect(engine.assign(member(5), 'home.rows', {})).toMatchObject({
      experiment: { key: 'old' },
      arm: { key: 'control' },
    });
    const live = createAssignmentEngine(catalog([old, experiment({ key: 'live' })]));
    expect(live.assign(member(5), 'home.rows', {}).reason).toBe('SPLIT');
  });
});

describe('explain', () => {
  it('agrees with assign everywhere and leaves assign without a path (property)', () => {
    const status = fc.constantFrom('draft', 'running', 'paused', 'stopped', 'shipped', 'archived' as const);
    const one = fc.record({
      status,
      traffic: fc.double({ min: 0, max: 1, noNaN: true }),
      from: fc.integer({ min: 0, max: 10 }),
      to: fc.integer({ min: 0, max: 10 }),
      tv: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(one, { maxLength: 4 }), fc.string(), fc.boolean(), (list, id, tv) => {
        const experiments = list.map((e, i) =>
          experiment({
            key: `e${i}`,
            status: e.status,
            traffic: e.traffic,
            layerRange: [Math.min(e.from, e.to) / 10, Math.max(e.from, e.to) / 10],
            targeting: e.tv ? { attribute: 'tv', op: 'eq', value: true } : null,
            shippedArm: e.status === 'shipped' ? 'new' : null,
          }),
        );
        const engine = createAssignmentEngine(catalog(experiments, [holdout()]));
        const fast = engine.assign(member(id), 'home.rows', { tv });
        const slow = engine.explain(member(id), 'home.rows', { tv });
        expect({ ...slow, path: [] }).toEqual(fast);
        expect(slow.path.length).toBeGreaterThan(0);
      }),
      { seed: 5, numRuns: 300 },
    );
  });

  it('shows each step with the number that decided', () => {
    const targeting = { attribute: 'country', op: 'in', value: ['FR', 'DE'] } as const;
    const engine = createAssignmentEngine(
      catalog([experiment({ targeting }), experiment({ key: 'old', status: 'archived' })], [holdout()]),
    );
    const { path, arm: chosen } = engine.explain(member(2), 'home.rows', { country: 'DE' });
    expect(path.map((step) => step.step)).toEqual([
      'holdout',
      'status',
      'unit-type',
      'layer',
      'targeting',
      'traffic',
      'split',
      'status',
    ]);
    expect(path[0]).toMatchObject({ passed: true, bucket: bucket('holdout:q4', 'member-2') });
    expect(path[3]).toMatchObject({ passed: true, bucket: bucket('layer:home', 'member-2') });
    expect(path[4]?.detail).toBe('country is one of ["FR","DE"]: yes ("DE")');
    expect(path[6]).toMatchObject({ experiment: 'rows', bucket: bucket('rows', 'member-2') });
    expect(path[6]?.detail).toContain(`arm "${chosen?.key}"`);
    expect(path[7]).toMatchObject({ experiment: 'old', passed: false });
  });
});
