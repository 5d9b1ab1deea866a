import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { checkDealing, dealingName, dealingOf, sameDealing } from './dealing.js';
import { createAssignmentEngine } from './engine.js';
import {
  allocateRange,
  checkRange,
  findOverlaps,
  freeRanges,
  layerClaims,
  type LayerClaim,
} from './layers.js';
import type { Experiment, ExperimentStatus } from './vocabulary.js';

const claim = (experiment: string, from: number, to: number): LayerClaim => ({
  experiment,
  range: [from, to],
});
const live = (
  key: string,
  layerRange: readonly [number, number],
  status: ExperimentStatus = 'running',
  layer = 'home',
): Experiment => ({
  key,
  title: key,
  surface: 's',
  unitType: 'member',
  status,
  layer,
  layerRange,
  traffic: 1,
  targeting: null,
  arms: [],
  phase: 1,
  salt: key,
  shippedArm: null,
});

describe('layers', () => {
  it('know what is free', () => {
    expect(freeRanges([])).toEqual([[0, 1]]);
    expect(freeRanges([claim('a', 0.2, 0.5), claim('b', 0, 0.1)])).toEqual([
      [0.1, 0.2],
      [0.5, 1],
    ]);
    expect(freeRanges([claim('a', 0, 1)])).toEqual([]);
  });

  it('give the smallest range that fits, or everything that is free in one piece', () => {
    const claims = [claim('a', 0.2, 0.5), claim('b', 0, 0.1)];
    expect(allocateRange(claims, 0.1)).toEqual([0.1, 0.2]);
    expect(allocateRange(claims, 0.3)).toEqual([0.5, 0.8]);
    expect(allocateRange(claims, null)).toEqual([0.5, 1]);
    expect(() => allocateRange(claims, 0.6)).toThrow(
      /largest is 0.5.*b \[0, 0.1\), a|largest is 0.5.*a \[0.2, 0.5\)/,
    );
    expect(() => allocateRange([claim('a', 0, 1)], null)).toThrow(
      expect.objectContaining({ code: 'layer_full' }),
    );
    for (const share of [0, -1, 1.1, NaN, 0.00001]) {
      expect(() => allocateRange([], share)).toThrow(
        expect.objectContaining({ code: 'invalid_layer_share' }),
      );
    }
  });

  it('never overlap, whatever is asked for and released (property)', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ share: fc.integer({ min: 1, max: 4000 }), drop: fc.boolean() }), {
          maxLength: 25,
        }),
        (asks) => {
          let claims: LayerClaim[] = [];
          asks.forEach(({ share, drop }, i) => {
            if (drop) claims = claims.slice(1);
            try {
              const next = { experiment: `e${i}`, range: allocateRange(claims, share / 10_000) };
              expect(Math.round((next.range[1] - next.range[0]) * 10_000)).toBe(share);
              checkRange(claims, next);
              claims = [...claims, next];
            } catch (error) {
              expect(error).toMatchObject({ code: 'layer_full' });
              expect(
                Math.max(0, ...freeRanges(claims).map((r) => Math.round((r[1] - r[0]) * 10_000))),
              ).toBeLessThan(share);
            }
          });
          expect(findOverlaps(claims.map((c) => live(c.experiment, c.range)))).toEqual([]);
        },
      ),
      { seed: 23, numRuns: 200 },
    );
  });

  it('check a range', () => {
    const claims = [claim('a', 0, 0.5)];
    const code = (from: number, to: number): unknown => {
      try {
        checkRange(claims, claim('b', from, to));
      } catch (error) {
        return error;
      }
      return null;
    };
    expect(code(0.5, 1)).toBeNull();
    expect(code(0.4999, 1)).toMatchObject({ code: 'layer_overlap', message: expect.stringContaining('"a"') });
    for (const [from, to] of [
      [-0.1, 1],
      [0.5, 1.1],
      [0.6, 0.6],
      [0.7, 0.6],
      [0.5, 0.50001],
      [NaN, 1],
    ] as const) {
      expect(code(from, to)).toMatchObject({ code: 'invalid_layer_range' });
    }
    expect(() => checkRange(claims, claim('a', 0, 0.6))).not.toThrow();
  });

  it('belong to live experiments only; overlaps are found', () => {
    const experiments = [
      live('a', [0, 0.5]),
      live('b', [0.4, 1], 'draft'),
      live('c', [0.4, 0.6], 'paused'),
      live('d', [0, 1], 'running', 'other'),
    ];
    expect(layerClaims(experiments, 'home').map((c) => c.experiment)).toEqual(['a', 'c']);
    expect(findOverlaps(experiments)).toEqual([{ layer: 'home', experiments: ['a', 'c'] }]);
  });

  it('keep each other out where they deal by the same, and nothing else may join', () => {
    const member = live('m', [0, 0.5]);
    const slots = { unitType: 'market', switchback: { slotMinutes: 60, timeZone: 'Europe/Berlin' } };
    const designs: [Partial<Experiment>, string][] = [
      [{}, 'member'],
      [{ clusterBy: 'household' }, 'household'],
      [{ unitType: 'household' }, 'household'],
      [{ unitType: 'market' }, 'market'],
      [slots, 'market in slots of 60 minutes (Europe/Berlin)'],
      [{ ...slots, switchback: { slotMinutes: 60 } }, 'market in slots of 60 minutes'],
      [{ ...slots, switchback: { slotMinutes: 60, timeZone: 'UTC' } }, 'market in slots of 60 minutes'],
      // The wash-out counts units, and deals none.
      [
        { ...slots, switchback: { ...slots.switchback, washOutMinutes: 5 } },
        'market in slots of 60 minutes (Europe/Berlin)',
      ],
    ];
    const dealings = designs.map(([parts]) => dealingOf({ ...member, ...parts }));
    expect(dealings.map(dealingName)).toEqual(designs.map(([, name]) => name));
    const refusal = (unitType: string | null, holder: number, joiner: number): unknown => {
      const holders = [{ experiment: 'old', dealing: dealings[holder] as (typeof dealings)[number] }];
      try {
        checkDealing({ key: 'home', unitType }, holders, { ...member, ...designs[joiner]?.[0] });
        return null;
      } catch (error) {
        return error;
      }
    };
    for (const [i, a] of dealings.entries())
      for (const [j, b] of dealings.entries()) expect(refusal(null, i, j) === null).toBe(sameDealing(a, b));
    expect(refusal(null, 0, 1)).toMatchObject({
      code: 'layer_unit_type',
      pointer: '/layer',
      message: expect.stringContaining('by member, by which "old" holds a part'),
    });
    expect(refusal('household', 1, 2)).toBeNull();
    expect(refusal('account', 1, 2)).toMatchObject({ code: 'layer_unit_type' });
    // What is refused would not keep apart: a member is in both, with a household that is dealt elsewhere.
    const engineOf = (parts: Partial<Experiment>) => {
      const arms = [
        { key: 'x', title: 'X', weight: 1, isControl: true, treatment: { kind: 'value' as const, value: 1 } },
      ];
      const other = { ...live('h', [0.5, 1]), ...parts, surface: 't' };
      return createAssignmentEngine({
        ...{ segments: [], unitLists: [], holdouts: [], layers: [{ key: 'home', title: '', salt: 'home' }] },
        surfaces: ['s', 't'].map((key) => ({
          key,
          title: key,
          kind: 'value',
          defaultValue: 0,
          candidateKind: null,
        })),
        experiments: [member, other].map((one) => ({ ...one, arms })),
      });
    };
    const inBoth = (parts: Partial<Experiment>): number => {
      const engine = engineOf(parts);
      return Array.from({ length: 1000 }, (_, i) => {
        const unit = { unitId: `m${i}`, unitType: 'member' };
        const context = { householdId: `h${i >> 1}` };
        return ['s', 't'].every((surface) => engine.assign(unit, surface, context).experiment !== null);
      }).filter(Boolean).length;
    };
    expect(inBoth({})).toBe(0);
    expect(inBoth({ clusterBy: 'household' })).toBeGreaterThan(200);
  });
});
