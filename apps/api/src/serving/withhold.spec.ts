import { describe, expect, it } from '@jest/globals';
import { wrappable, wrapperRegistry } from '#policies';
import type { CompiledPolicy } from '#policies';
import { serveTreatments } from './serve-treatments.js';
import type { DecisionRecord } from '../queues/jobs.js';
import type { Served, ServingState, Treatment } from './serve-treatments.js';
import { dealSlate } from './deal.js';
import type { PlacedEntry } from './deal.js';
import { withholdLot } from './withhold.js';
import type { LotParts } from './withhold.js';
import {
  arm,
  ask,
  byPolicy,
  experiment,
  item,
  pluginOf,
  policy,
  seededHooks,
  stateOf,
  surface,
} from './testing.js';

const NOW = Date.UTC(2026, 10, 21, 12);
const DAY = 86_400_000;
const UNITS = 1500;
const SHARE = 0.1;
const HOOKS = seededHooks('withhold');

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
  serveTreatments(state, ask(unit, on), NOW, HOOKS);

/** What a place shows of its entry: the entry itself without its lot, or a marked stand-in. */
const standing = (entry: PlacedEntry, shown: { propensity: number } | undefined): object =>
  entry.instead === undefined
    ? { id: entry.id, propensity: entry.propensity }
    : { id: entry.instead, propensity: shown?.propensity, substitute: true };

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

  it('withholds nothing from the analysis slice, and without a share', () => {
    const half = { share: 0.5, steadyFor: 'always' } as const;
    for (let unit = 0; unit < 50; unit++) {
      const served = [
        serve(world(half, 'analysis'), `m${unit}`),
        serve(world(null), `m${unit}`),
        serve(world(null), `m${unit}`, 'rows'),
        serve(world(half, 'analysis'), `m${unit}`, 'rows'),
      ];
      for (const { records, treatments } of served) {
        expect(records[0]).not.toHaveProperty('withheld');
        expect(treatments[0]?.withheld).toBeUndefined();
      }
    }
    const explored = Array.from({ length: 50 }, (_, unit) => serve(world(half, 'exploration'), `m${unit}`));
    expect(explored.some(({ treatments }) => treatments[0]?.withheld)).toBe(true);
  });

  it('replaces what it withholds of a slate by the next in order, and leaves the choice and its law alone', () => {
    const half = { share: 0.3, steadyFor: 'always' } as const;
    const rows = (state: ServingState, unit: number, limit: number): Served =>
      serveTreatments(state, ask(`m${unit}`, 'rows', { limit }), NOW, {
        monotonic: () => 0,
        newId: () => `d${unit}`,
      });
    const idsOf = (entries: unknown): string[] => (entries as PlacedEntry[]).map(({ id }) => id);
    let [lots, withheld] = [0, 0];
    for (let unit = 0; unit < 800; unit++) {
      const { records, treatments } = rows(world(half), unit, 2);
      const record = records[0] as DecisionRecord;
      const chosen = record.chosen as unknown as PlacedEntry[];
      const plain = rows(world(null), unit, 2).records[0] as DecisionRecord;
      expect(idsOf(chosen)).toEqual(idsOf(plain.chosen));
      expect(record.propensity).toBeCloseTo(plain.propensity, 12);
      const shown = treatments[0]?.slate ?? [];
      expect(new Set(idsOf(shown)).size).toBe(2);
      chosen.forEach((entry, place) => expect(shown[place]).toEqual(standing(entry, shown[place])));
      const own = chosen.filter(({ lot }) => lot !== undefined);
      lots += own.length;
      withheld += own.filter((entry) => entry.withheld).length;
      for (const { lot, withheld: kept } of own) expect(lot).toBe(kept ? 0.3 : 0.7);
      const product = chosen.reduce((joint, { lot = 1 }) => joint * lot, 1);
      expect(record.withholdPropensity ?? 1).toBeCloseTo(product, 12);
      expect(record.withheld ?? false).toBe(chosen.some((entry) => entry.withheld));
    }
    expect((withheld - 0.3 * lots) ** 2 / (0.3 * 0.7 * lots)).toBeLessThan(10.83);
    // With all candidates in the slate nobody could stand in, so no lot is drawn.
    expect(rows(world(half), 1, 3).records[0]).not.toHaveProperty('withheld');
  });

  it('never has something stand in that the unit is to go without, and draws no lot once nothing is left', () => {
    const drawn = ['a', 'b', 'c', 'x', 'y'].map((id) => ({ id, propensity: 0.5 }));
    const deal = (...kept: string[]) =>
      dealSlate(drawn, 3, (id) => ({
        withheld: kept.includes(id),
        propensity: kept.includes(id) ? 0.1 : 0.9,
      }));
    expect(deal('a', 'x').shown.map(({ id }) => id)).toEqual(['y', 'b', 'c']);
    const { chosen, lot } = deal('a', 'c', 'x');
    expect(chosen).toEqual([
      { id: 'a', propensity: 0.5, lot: 0.1, withheld: true, instead: 'y' },
      { id: 'b', propensity: 0.5 },
      { id: 'c', propensity: 0.5 },
    ]);
    expect(lot).toEqual({ withheld: true, propensity: 0.1 });
    expect(deal('x', 'y')).toMatchObject({ lot: null });
  });

  it('draws no lot for sending nothing, and keeps the rules about messages also where the policy fails', () => {
    const messages = (key: string): ServingState =>
      stateOf({
        surfaces: [surface('push', 'action', 'message')],
        items: ['message', 'do-not-send'].map((id) => item(id, 'message')),
        plugins: [
          wrappable(
            pluginOf('broken', () => ({
              ...choosing(),
              distribution: () => {
                throw new Error('broken');
              },
            })),
            wrapperRegistry,
          ),
        ],
        policies: [
          policy('p', key, {
            params: { wrappers: [{ key: 'contact-rules' }] },
            withhold: { share: 0.5, steadyFor: 'decision' },
          }),
        ],
        experiments: [experiment('x', 'push', [arm('bandit', byPolicy('p'))])],
      });
    const serveIn = (state: ServingState, unit: string, context: object) =>
      serveTreatments(state, { ...ask(unit, 'push'), context: context as never }, NOW, HOOKS);
    const state = messages('uniform-random');
    const seen = { sent: 0, silent: 0, withheld: 0 };
    for (let unit = 0; unit < 200; unit++) {
      const { records, treatments } = serveIn(state, `m${unit}`, { timeZone: 'UTC' });
      const [record, treatment] = [records[0] as DecisionRecord, treatments[0] as Treatment];
      // What was withheld counts for the caps as what was sent does.
      const counts = record.chosen !== 'do-not-send';
      expect(treatment.contact).toEqual({ status: 'open', nextAt: NOW, counts });
      expect(record.propensity).toBe(0.5);
      if (record.chosen === 'do-not-send') expect(record).not.toHaveProperty('withheld');
      else expect(record.withholdPropensity).toBe(0.5);
      seen[record.chosen === 'do-not-send' ? 'silent' : record.withheld ? 'withheld' : 'sent']++;
    }
    for (const count of Object.values(seen)) expect(count).toBeGreaterThan(25);
    // Where the clock is not known, every hour is quiet; noon in London is nine in the evening in Tokyo.
    for (const [context, status] of [
      [{ timeZone: 'UTC', notifications: false }, 'declined'],
      [{ timeZone: 'Asia/Tokyo', hour: 3 }, 'open'],
      [{ timeZone: 'Pacific/Auckland' }, 'quiet'],
      [{}, 'quiet'],
    ] as const) {
      const [treatment] = serveIn(state, 'm1', context).treatments;
      expect(treatment?.contact?.status).toBe(status);
      if (status !== 'open') expect(treatment?.action).toBe('do-not-send');
    }
    // The default order would be a message; it is not, for who has declined.
    expect(
      serveIn(messages('broken'), 'm1', { timeZone: 'UTC', notifications: false }).treatments[0],
    ).toMatchObject({
      action: 'do-not-send',
      reason: 'FALLBACK_ERROR',
    });
  });
});
