import { describe, expect, it } from '@jest/globals';
import type { CompiledPolicy } from '#policies';
import { serveTreatments } from './serve-treatments.js';
import type { DecisionRecord } from '../queues/jobs.js';
import type { Served, ServingState, Treatment } from './serve-treatments.js';
import { withholdLot } from './withhold.js';
import type { LotParts } from './withhold.js';
import { arm, ask, byPolicy, experiment, item, pluginOf, policy, stateOf, surface } from './testing.js';

const NOW = Date.UTC(2026, 10, 21, 12);
const DAY = 86_400_000;
const UNITS = 1500;
const SHARE = 0.1;

const choosing = (...p: number[]): CompiledPolicy => ({
  decides: 'action',
  propensity: { kind: 'exact' },
  distribution: () => Float64Array.from(p),
});

function world(
  withhold: { share: number; steadyFor: 'always' } | null,
  slice: 'learning' | 'exploration' | 'analysis' = 'learning',
): ServingState {
  const treatment = { ...byPolicy('front'), slice };
  return stateOf({
    surfaces: [surface('art', 'action', 'artwork'), surface('rows', 'slate', 'artwork')],
    items: ['a', 'b', 'c'].map((id) => item(id, 'artwork')),
    plugins: [pluginOf('front', () => choosing(0.5, 0.3, 0.2))],
    policies: [policy('front', 'front', { withhold })],
    experiments: [
      experiment('x', 'art', [arm('bandit', treatment)]),
      experiment('y', 'rows', [arm('bandit', treatment)], { layerRange: [0, 1] }),
    ],
  });
}

const serve = (state: ServingState, unit: string, on = 'art'): Served =>
  serveTreatments(state, ask(unit, on), NOW);

describe('a policy that withholds', () => {
  it('keeps back its share of every action, says so, and records what was chosen with both propensities', () => {
    const state = world({ share: SHARE, steadyFor: 'always' });
    const counts = { a: [0, 0], b: [0, 0], c: [0, 0] } as Record<string, [number, number]>;
    for (let unit = 0; unit < UNITS; unit++) {
      const { treatments, records } = serve(state, `m${unit}`);
      const [treatment, record] = [treatments[0] as Treatment, records[0] as DecisionRecord];
      const chosen = String(record.chosen);
      const lot = record.withheld ? 1 : 0;
      (counts[chosen] as [number, number])[lot] += 1;
      expect(record.propensity).toBe({ a: 0.5, b: 0.3, c: 0.2 }[chosen]);
      expect(record.withholdPropensity).toBe(record.withheld ? SHARE : 1 - SHARE);
      expect(treatment.propensity).toBe(record.propensity);
      expect(treatment.action).toBe(record.withheld ? null : chosen);
      expect(JSON.parse(JSON.stringify(treatment)).withheld).toBe(record.withheld ? true : undefined);
    }
    // Chi-square with one degree of freedom for each action; 10.83 is its point at .001.
    for (const [shown, withheld] of Object.values(counts)) {
      const n = shown + withheld;
      expect((withheld - SHARE * n) ** 2 / (SHARE * (1 - SHARE) * n)).toBeLessThan(10.83);
    }
    expect(counts['a']?.[0]).toBeGreaterThan(600);
  });

  it('keeps a lot for as long as it says, and draws it for every unit, subject and action anew', () => {
    const parts = { policyId: 'p', surface: 'art', subject: 's', action: 'a', decisionId: 'd' };
    const lots = (steadyFor: 'always' | 'day' | 'decision', change: Partial<LotParts> = {}): string =>
      Array.from({ length: 200 }, (_, unit) => {
        const lot = withholdLot(
          { share: 0.3, steadyFor },
          { ...parts, unitId: `m${unit}`, at: NOW, ...change },
        );
        return lot.withheld ? '-' : '+';
      }).join('');
    const later = { at: NOW + DAY, decisionId: 'e' };
    expect(lots('always', later)).toBe(lots('always'));
    expect(lots('day', { ...later, at: NOW + 1000 })).toBe(lots('day'));
    expect(lots('day', later)).not.toBe(lots('day'));
    expect(lots('decision', { decisionId: 'e' })).not.toBe(lots('decision'));
    for (const change of [{ action: 'b' }, { subject: null }, { surface: 'x' }, { policyId: 'q' }])
      expect(lots('always', change)).not.toBe(lots('always'));
  });

  it('withholds nothing from the analysis slice, from slates, and without a share', () => {
    const half = { share: 0.5, steadyFor: 'always' } as const;
    for (let unit = 0; unit < 50; unit++) {
      const served = [
        serve(world(half, 'analysis'), `m${unit}`),
        serve(world(null), `m${unit}`),
        serve(world(half), `m${unit}`, 'rows'),
      ];
      for (const { records, treatments } of served) {
        expect(records[0]).not.toHaveProperty('withheld');
        expect(treatments[0]?.withheld).toBeUndefined();
      }
    }
    const explored = Array.from({ length: 50 }, (_, unit) => serve(world(half, 'exploration'), `m${unit}`));
    expect(explored.some(({ treatments }) => treatments[0]?.withheld)).toBe(true);
  });
});
