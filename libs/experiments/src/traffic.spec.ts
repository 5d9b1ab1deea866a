import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { changedField, unitMoves } from './change-effect.js';
import { createAssignmentEngine, type AssignmentCatalog } from './engine.js';
import { findOverlaps, layerShare } from './layers.js';
import { createRng } from './rng.js';
import type { Arm, Assignment, Context, Experiment, Holdout, Layer, Surface } from './vocabulary.js';

const N = 8000;
const SEED = { seed: 20_261_126, numRuns: 6 } as const;
const surface = (key: string): Surface => ({
  key,
  title: key,
  kind: 'value',
  defaultValue: null,
  candidateKind: null,
});
const layer = (key: string): Layer => ({ key, title: key, salt: `layer:${key}` });
const arm = (key: string, weight: number): Arm => ({
  key,
  title: key,
  weight,
  isControl: key === 'control',
  treatment: { kind: 'value', value: key },
});
const experiment = (key: string, parts: Partial<Experiment> = {}): Experiment => ({
  key,
  title: key,
  surface: 'home',
  unitType: 'member',
  status: 'running',
  layer: 'a',
  layerRange: [0, 1],
  traffic: 1,
  targeting: null,
  arms: [arm('control', 1), arm('new', 1)],
  phase: 1,
  salt: key,
  shippedArm: null,
  ...parts,
});
const holdout = (parts: Partial<Holdout> = {}): Holdout => ({
  key: 'q4',
  title: 'Q4',
  salt: 'holdout:q4',
  share: 0.2,
  surfaces: null,
  unitType: 'member',
  enabled: true,
  ...parts,
});
const catalog = (
  experiments: readonly Experiment[],
  parts: Partial<AssignmentCatalog> = {},
): AssignmentCatalog => ({
  experiments,
  layers: ['a', 'b', 'c'].map(layer),
  holdouts: [],
  surfaces: ['home', 'hero'].map(surface),
  ...parts,
});
const unit = (i: number) => ({ unitId: `member-${i}`, unitType: 'member' });
const everybody = (of: AssignmentCatalog, on = 'home', context: Context = {}, n = N): Assignment[] => {
  const engine = createAssignmentEngine(of);
  return Array.from({ length: n }, (_, i) => engine.assign(unit(i), on, context));
};
const armsOf = (of: AssignmentCatalog, on = 'home', n = N): (string | null)[] =>
  everybody(of, on, {}, n).map((answer) => answer.arm?.key ?? null);
const share = (list: readonly unknown[], wanted: unknown): number =>
  list.filter((value) => value === wanted).length / list.length;
/** Five standard deviations. */
const within = (p: number, n = N): number => 5 * Math.sqrt((p * (1 - p)) / n);

describe('several layers', () => {
  const wide = experiment('wide', {
    layerRange: [0, 0.5],
    otherLayers: [
      { layer: 'b', range: [0, 0.4] },
      { layer: 'c', range: [0.5, 1] },
    ],
  });

  it('takes a unit only inside all ranges, and never together with an experiment beside it in any layer', () => {
    const inB = experiment('in-b', { layer: 'b', layerRange: [0.4, 1], surface: 'hero' });
    const both = catalog([wide, inB]);
    const [home, hero] = [armsOf(both), armsOf(both, 'hero')];
    expect(layerShare(wide)).toBeCloseTo(0.1, 12);
    const p = 1 - share(home, null);
    expect(Math.abs(p - 0.1)).toBeLessThan(within(0.1));
    expect(Math.abs(1 - share(hero, null) - 0.6)).toBeLessThan(within(0.6));
    expect(home.filter((own, i) => own !== null && hero[i] !== null)).toHaveLength(0);
    const explained = createAssignmentEngine(both).explain(unit(3), 'home', {});
    expect(explained.path.filter(({ step }) => step === 'layer').length).toBeGreaterThan(0);
  });

  it('claims its part of each layer', () => {
    const rival = experiment('rival', { layer: 'c', layerRange: [0.9, 1] });
    expect(findOverlaps([wide, rival])).toEqual([{ layer: 'c', experiments: ['wide', 'rival'] }]);
    expect(findOverlaps([wide, { ...rival, layerRange: [0, 0.5] }])).toEqual([]);
    expect(() =>
      createAssignmentEngine(catalog([{ ...wide, otherLayers: [{ layer: 'z', range: [0, 1] }] }])),
    ).toThrow('"z", which does not exist');
  });
});

describe('holdouts attached by tag', () => {
  const search = experiment('search', { tags: ['search', 'growth'] });
  const rows = experiment('rows', { layer: 'b', surface: 'home', tags: ['rows'] });
  const held = (answers: readonly Assignment[]): boolean[] =>
    answers.map((answer) => answer.holdout !== null);

  it('withholds only what carries a tag; others go on, and both sides are marked', () => {
    const area = holdout({ tags: ['search'] });
    const answers = everybody(catalog([search, rows], { holdouts: [area] }));
    expect(Math.abs(share(held(answers), true) - 0.2)).toBeLessThan(within(0.2));
    for (const answer of answers) {
      expect(answer.experiment?.key).toBe(answer.holdout === null ? 'search' : 'rows');
    }
    const alone = everybody(catalog([search], { holdouts: [area] }));
    expect(alone.filter((answer) => answer.holdout !== null).every((a) => a.reason === 'HOLDOUT')).toBe(true);
    // Marked by the unit alone, whatever runs there, so that the two sides stay comparable over time.
    const idle = everybody(catalog([rows], { holdouts: [area] }));
    expect(held(idle)).toEqual(held(answers));
    expect(idle.every((answer) => answer.arm !== null)).toBe(true);
  });

  it('lets a holdout of everything go first, and takes shipped arms away too', () => {
    const shipped = { ...search, status: 'shipped' as const, shippedArm: 'new' };
    const all = holdout({ key: 'all', salt: 'holdout:all', share: 0.1 });
    const answers = everybody(catalog([shipped], { holdouts: [holdout({ tags: ['growth'] }), all] }));
    for (const answer of answers) expect(answer.arm === null).toBe(answer.holdout !== null);
    expect(
      Math.abs(
        share(
          answers.map((answer) => answer.holdout),
          'all',
        ) - 0.1,
      ),
    ).toBeLessThan(within(0.1));
    const p = 0.9 * 0.2;
    expect(
      Math.abs(
        share(
          answers.map((answer) => answer.holdout),
          'q4',
        ) - p,
      ),
    ).toBeLessThan(within(p));
  });

  it('spares whom its exception meets', () => {
    const spared = holdout({ share: 1, except: { attribute: 'internal', op: 'eq', value: true } });
    const of = catalog([search], { holdouts: [spared] });
    expect(everybody(of, 'home', { internal: true }, 50).every((answer) => answer.arm !== null)).toBe(true);
    expect(everybody(of, 'home', {}, 50).every((answer) => answer.reason === 'HOLDOUT')).toBe(true);
    const { path } = createAssignmentEngine(of).explain(unit(1), 'home', { internal: true });
    expect(path[0]?.detail).toContain('spares');
  });
});

describe('changes of a running experiment', () => {
  const before = experiment('rows', { traffic: 0.5 });
  const weights = (a: number, b: number): Partial<Experiment> => ({
    arms: [arm('control', a), arm('new', b)],
  });

  it('says exactly which share of units stays, moves, leaves and joins', () => {
    const more = unitMoves(before, { ...before, traffic: 1 });
    expect(more).toEqual({ stay: 1, moved: 0, left: 0, joined: 1 });
    const less = unitMoves(before, { ...before, traffic: 0.2 });
    expect(less).toEqual({ stay: 0.4, moved: 0, left: 0.6, joined: 0 });
    const full = experiment('rows');
    expect(unitMoves(full, { ...full, ...weights(7, 3) })).toEqual({
      stay: 0.8,
      moved: 0.2,
      left: 0,
      joined: 0,
    });
    const half = { ...before, layerRange: [0, 0.5] as const };
    expect(unitMoves(half, { ...half, layerRange: [0, 1] }).joined).toBeCloseTo(1, 12);
    const skew = { ...before, ...weights(7, 3) };
    const real = unitMoves(before, skew);
    const [a, b] = [armsOf(catalog([before])), armsOf(catalog([skew]))];
    const inside = a.filter((key) => key !== null).length;
    const count = (test: (x: string | null, y: string | null) => boolean): number =>
      a.filter((key, i) => test(key, b[i] ?? null)).length / inside;
    expect(Math.abs(count((x, y) => x !== null && x === y) - real.stay)).toBeLessThan(within(0.5, inside));
    expect(Math.abs(count((x, y) => x !== null && y === null) - real.left)).toBeLessThan(within(0.5, inside));
    expect(Math.abs(count((x, y) => x === null && y !== null) - real.joined)).toBeLessThan(
      within(0.5, inside),
    );
  });

  it('puts that into words', () => {
    const skew = unitMoves(before, { ...before, ...weights(7, 3) });
    expect(changedField('arms', true, false, skew)).toMatchObject({ kind: 'new-phase' });
    expect(changedField('arms', true, true, skew)).toMatchObject({ kind: 'new-units' });
    expect(changedField('traffic', true, false, unitMoves(before, { ...before, traffic: 1 }))).toEqual({
      field: 'traffic',
      kind: 'new-units',
      prose: 'A new phase. Nobody changes arm. 100 % as many units as are in it may join.',
    });
    expect(changedField('traffic', false, false, skew).kind).toBe('nothing');
    expect(changedField('title', true, false, skew).kind).toBe('nothing');
    expect(changedField('targeting', true, true, skew).kind).toBe('new-units');
  });

  it('lets units keep the arm they entered with, outside layer, targeting and traffic, but not in a holdout', () => {
    const narrowed = experiment('rows', {
      layerRange: [0, 0.1],
      traffic: 0.1,
      targeting: { attribute: 'country', op: 'eq', value: 'NO' },
    });
    const kept = [
      { experiment: 'rows', arm: 'new', armPropensity: 0.25, units: ['member-1', 'member-2'] },
      { experiment: 'rows', arm: 'gone', armPropensity: 0.25, units: ['member-3'] },
      { experiment: 'other', arm: 'new', armPropensity: 0.25, units: ['member-4'] },
    ];
    const answers = everybody(catalog([narrowed], { kept }), 'home', {}, 5);
    expect(answers.map((answer) => answer.arm?.key ?? null)).toEqual([null, 'new', 'new', null, null]);
    expect(answers[1]?.armPropensity).toBe(0.25);
    const path = createAssignmentEngine(catalog([narrowed], { kept })).explain(unit(1), 'home', {}).path;
    expect(path.map(({ step }) => step)).toContain('kept');
    const paused = catalog([{ ...narrowed, status: 'paused' }], { kept });
    expect(everybody(paused, 'home', {}, 2)[1]?.reason).toBe('PAUSED');
    const held = catalog([narrowed], { kept, holdouts: [holdout({ share: 1 })] });
    expect(everybody(held, 'home', {}, 2)[1]?.reason).toBe('HOLDOUT');
  });
});

describe('properties of assignment', () => {
  const key = fc.stringMatching(/^[a-z][a-z0-9-]{0,20}$/);
  const weights = fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 2, maxLength: 5 });
  const armed = (list: readonly number[]): Arm[] => list.map((weight, i) => arm(`arm-${i}`, weight));
  const n = 2500;

  it('is balanced: arms get their shares, with ids of any shape', () => {
    fc.assert(
      fc.property(key, weights, key, (salt, list, prefix) => {
        const rng = createRng(`${salt}:${prefix}`);
        const engine = createAssignmentEngine(catalog([experiment('e', { salt, arms: armed(list) })]));
        const total = list.reduce((sum, weight) => sum + weight, 0);
        const counts = list.map(() => 0);
        for (let i = 0; i < n; i++) {
          const unitId = i % 2 === 0 ? `${prefix}${i}` : `${Math.floor(rng.uniform() * 1e12)}-${i}`;
          const chosen = engine.assign({ unitId, unitType: 'member' }, 'home', {}).arm;
          const index = Number(chosen?.key.slice(4) ?? -1);
          counts[index] = (counts[index] ?? 0) + 1;
        }
        list.forEach((weight, i) => {
          const p = weight / total;
          expect(Math.abs((counts[i] ?? 0) / n - p)).toBeLessThan(within(p, n) + 1e-4);
        });
      }),
      SEED,
    );
  });

  it('is independent between layers, and between layer, split and holdout', () => {
    fc.assert(
      fc.property(key, fc.double({ min: 0.2, max: 0.8, noNaN: true }), (salt, cut) => {
        const p = Math.round(cut * 1e4) / 1e4;
        const first = experiment('first', { salt, layerRange: [0, p] });
        const second = experiment('second', { salt: `${salt}.2`, layer: 'b', surface: 'hero' });
        const area = holdout({ key: salt, salt: `holdout:${salt}`, share: p, surfaces: ['hero'] });
        const both = catalog([first, second]);
        const [a, b] = [armsOf(both, 'home', n), armsOf(both, 'hero', n)];
        const out = everybody(catalog([second], { holdouts: [area] }), 'hero', {}, n).map(
          ({ holdout: h }) => h,
        );
        const joint = (test: (i: number) => boolean): number =>
          Array.from({ length: n }, (_, i) => i).filter(test).length / n;
        expect(Math.abs(joint((i) => a[i] === 'new' && b[i] === 'new') - p / 4)).toBeLessThan(
          within(p / 4, n),
        );
        expect(Math.abs(joint((i) => a[i] === 'new' && out[i] !== null) - (p * p) / 2)).toBeLessThan(
          within((p * p) / 2, n),
        );
      }),
      SEED,
    );
  });

  it('is monotone: ramps, growing layer parts and growing holdouts only add, and move nobody', () => {
    const steps = fc.uniqueArray(fc.integer({ min: 1, max: 100 }), { minLength: 2, maxLength: 5 });
    fc.assert(
      fc.property(key, weights, steps, (salt, list, percents) => {
        let last: (string | null)[] | null = null;
        let lastHeld: boolean[] | null = null;
        for (const step of [...percents].sort((a, b) => a - b)) {
          const grown = experiment('e', {
            salt,
            arms: armed(list),
            traffic: step / 100,
            layerRange: [0, step / 100],
          });
          const now = armsOf(catalog([grown]), 'home', n);
          expect(last?.some((before, i) => before !== null && now[i] !== before) ?? false).toBe(false);
          last = now;
          const area = holdout({ salt, share: step / 100 });
          const held = everybody(catalog([], { holdouts: [area] }), 'home', {}, n).map(
            (x) => x.holdout !== null,
          );
          expect(lastHeld?.some((before, i) => before && held[i] !== true) ?? false).toBe(false);
          lastHeld = held;
        }
      }),
      { ...SEED, numRuns: 4 },
    );
  });
});
