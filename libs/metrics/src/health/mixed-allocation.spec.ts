import { describe, expect, it } from '@jest/globals';
import { createRng } from '#experiments';
import { combinePeriods, combinesPeriods } from '../adaptive/combine-periods.js';
import { periodWeightedMeans } from '../adaptive/period-weighted.js';
import type { HealthFacts, Moments } from '../contract.js';
import { metricRegistry } from '../definitions/index.js';
import { estimatorRegistry } from '../estimators/index.js';
import { fromCounts, merge } from '../moments.js';
import { buildReport } from '../report.js';
import type { EntryFact } from './facts.js';
import { mixedAllocationCheck } from './mixed-allocation.check.js';

const entry = (day: number, weights: number[], units: number[]): EntryFact => ({
  day: `2026-05-${String(day).padStart(2, '0')}`,
  weights,
  units,
});
const factsOf = (entries: readonly EntryFact[]): HealthFacts => {
  const units = [0, 1].map((arm) => entries.reduce((sum, each) => sum + (each.units[arm] ?? 0), 0));
  const [a = 0, b = 0] = units;
  const planned = [0, 1].map((arm) =>
    entries.reduce((sum, { weights, units: entered }) => {
      const total = weights.reduce((x, y) => x + y, 0);
      return sum + ((weights[arm] ?? 0) / total) * entered.reduce((x, y) => x + y, 0);
    }, 0),
  );
  return {
    arms: [
      { key: 'control', weight: planned[0] ?? 0, units: a },
      { key: 'b', weight: planned[1] ?? 0, units: b },
    ],
    totalUnits: a + b,
    crossoverUnits: 0,
    daysRunning: 14,
    entries,
  };
};
const judge = (...entries: EntryFact[]) => mixedAllocationCheck.check(factsOf(entries));

describe('mixed allocation', () => {
  it('blocks when the shares changed and units entered on both sides', () => {
    const found = judge(entry(1, [9, 1], [9000, 1000]), entry(8, [1, 1], [5000, 5000]));
    expect(found).toMatchObject({ status: 'fail', blocks: true, value: 0.5, firstSeen: '2026-05-08' });
    expect(found?.explanation).toMatch(/^Weights changed between phases: 10,000 units .* look at one phase/);
  });

  it.each([
    ['a ramp of traffic with equal weights', [entry(1, [1, 1], [50, 50]), entry(2, [5, 5], [5000, 5000])]],
    ['a phase in which nobody entered', [entry(1, [9, 1], [0, 0]), entry(2, [1, 1], [5000, 5000])]],
    ['fewer than 1 % of the units', [entry(1, [9, 1], [90, 9]), entry(2, [1, 1], [4901, 4901])]],
    ['shares less than a point apart', [entry(1, [509, 491], [509, 491]), entry(2, [1, 1], [500, 500])]],
  ])('passes %s', (_, entries) => {
    expect(judge(...entries)).toMatchObject({ status: 'pass', blocks: false });
  });

  it('fires just over both limits', () => {
    expect(judge(entry(1, [9, 1], [90, 10]), entry(2, [1, 1], [4950, 4950]))?.status).toBe('fail');
    expect(judge(entry(1, [52, 48], [52, 48]), entry(2, [1, 1], [50, 50]))?.status).toBe('fail');
  });

  it('does not know without entries, and passes without units', () => {
    expect(mixedAllocationCheck.check({ ...factsOf([]), entries: undefined } as never)).toBeNull();
    expect(judge()).toMatchObject({ status: 'pass', value: 0 });
  });

  it('keeps a reversed effect from being shipped', () => {
    // Better within each phase for control, by 2 points; over both, b seems better because it came when days were good.
    const control = [fromCounts(9000, 900), fromCounts(1000, 420)] as const;
    const b = [fromCounts(1000, 80), fromCounts(9000, 3600)] as const;
    const { results, verdict } = buildReport({
      arms: [
        { key: 'control', weight: 1, isControl: true },
        { key: 'b', weight: 9, isControl: false },
      ],
      metrics: [{ definition: metricRegistry.get('play-rate'), role: 'decision' }],
      cells: [
        { metric: 'play-rate', arm: 'control', moments: merge(...control) },
        { metric: 'play-rate', arm: 'b', moments: merge(...b) },
      ],
      facts: factsOf([entry(1, [9, 1], [9000, 1000]), entry(8, [1, 9], [1000, 9000])]),
    });
    expect(results[0]?.direction).toBe('better');
    expect(verdict.kind).toBe('fix-first');
    expect(verdict.clauses).toContainEqual(expect.objectContaining({ evidence: 'mixed-allocation' }));
  });

  it('decides by the differences within phases, where the difference of all units has the wrong sign', () => {
    // The same counts, told apart: control is better by 2 points in both phases, and each phase weighs half.
    const cells = (metric: string) => [
      { metric, arm: 'control', period: 1, moments: fromCounts(9000, 900) },
      { metric, arm: 'b', period: 1, moments: fromCounts(1000, 80) },
      { metric, arm: 'control', period: 2, moments: fromCounts(1000, 420) },
      { metric, arm: 'b', period: 2, moments: fromCounts(9000, 3600) },
    ];
    const report = (estimator: string, guardrail: boolean) =>
      buildReport({
        arms: [
          { key: 'control', weight: 1, isControl: true },
          { key: 'b', weight: 9, isControl: false },
        ],
        metrics: [
          { definition: metricRegistry.get('play-rate'), role: 'decision' },
          ...(guardrail
            ? [{ definition: metricRegistry.get('cancellations'), role: 'guardrail' } as const]
            : []),
        ],
        cells: [...cells('play-rate'), ...cells('cancellations').map(({ period: _period, ...cell }) => cell)],
        facts: factsOf([entry(1, [9, 1], [9000, 1000]), entry(8, [1, 9], [1000, 9000])]),
        options: { estimator },
      });
    const { results, verdict, health } = report('asymptotic-cs', false);
    const [result] = results;
    expect(result?.periods?.pooled.estimate).toBeCloseTo(0.368 - 0.132, 12);
    expect(result?.effect.estimate).toBeCloseTo(-0.02, 12);
    expect(result?.periods?.each.map(({ share, effect }) => [share, effect.estimate?.toFixed(9)])).toEqual([
      [0.5, '-0.020000000'],
      [0.5, '-0.020000000'],
    ]);
    // By hand: a quarter of p (1 - p) / (n - 1) of every arm and phase.
    const variance = [
      [9000, 0.1],
      [1000, 0.08],
      [1000, 0.42],
      [9000, 0.4],
    ].reduce((sum, [n = 0, p = 0]) => sum + (p * (1 - p)) / (n - 1) / 4, 0);
    expect(result?.effect.standardError).toBeCloseTo(Math.sqrt(variance), 12);
    // The estimator of periodWeightedMeans.
    const weighted = periodWeightedMeans([
      [fromCounts(9000, 900), fromCounts(1000, 80)],
      [fromCounts(1000, 420), fromCounts(9000, 3600)],
    ]);
    if (!weighted.ok) throw new Error(weighted.reason);
    expect([result?.effect.control.mean, result?.effect.treatment.mean]).toEqual(
      weighted.value.means.map((mean) => expect.closeTo(mean, 12)),
    );
    const check = (of: typeof health) => of.find(({ key }) => key === 'mixed-allocation');
    expect(check(health)).toMatchObject({ status: 'warn', blocks: false });
    expect(['fix-first', 'ship']).not.toContain(verdict.kind);
    // Estimators that would not be valid, and metrics that cannot be told apart, keep the block.
    for (const [estimator, guardrail] of [
      ['msprt', false],
      ['group-sequential', false],
      ['asymptotic-cs', true],
    ] as const) {
      const blocked = report(estimator, guardrail);
      expect(check(blocked.health)).toMatchObject({ status: 'fail', blocks: true });
      expect(blocked.verdict.kind).toBe('fix-first');
    }
  });

  it('blocks for no metric whose units so far entered under one allocation', () => {
    const rows = (metric: string, periods: readonly (1 | 2 | undefined)[]) =>
      periods.flatMap((period) =>
        ['control', 'b'].map((arm) => ({
          metric,
          arm,
          moments: fromCounts(1000, 400),
          ...(period === undefined ? {} : { period }),
        })),
      );
    const checked = (guardrail: readonly (1 | 2 | undefined)[], estimator = 'asymptotic-cs') =>
      buildReport({
        arms: [
          { key: 'control', weight: 1, isControl: true },
          { key: 'b', weight: 9, isControl: false },
        ],
        metrics: [
          { definition: metricRegistry.get('play-rate'), role: 'decision' },
          { definition: metricRegistry.get('retention-day-7'), role: 'guardrail' },
        ],
        cells: [
          ...rows('play-rate', estimator === 'msprt' ? [1] : [1, 2]),
          ...rows('retention-day-7', guardrail),
        ],
        facts: factsOf([entry(1, [9, 1], [9000, 1000]), entry(8, [1, 9], [1000, 9000])]),
        options: { estimator },
      }).health.find(({ key }) => key === 'mixed-allocation');
    // Retention of the second allocation is not known yet; that of the first is sound with any estimator.
    expect(checked([1])).toMatchObject({ status: 'warn', blocks: false });
    expect(checked([1], 'msprt')).toMatchObject({ status: 'warn', blocks: false });
    expect(checked([1, 2])).toMatchObject({ status: 'warn', blocks: false });
    // Near misses: units that nobody told apart, and two allocations with an estimator that cannot combine them.
    for (const found of [checked([undefined]), checked([1, undefined]), checked([1, 2], 'msprt')])
      expect(found).toMatchObject({ status: 'fail', blocks: true });
  });

  it('leaves out phases with fewer than 100 units in an arm, and has no effect where none is left', () => {
    const pair = (n: number, units: number) => ({
      control: fromCounts(n, 40),
      treatment: fromCounts(100, 40),
      units,
    });
    const combined = combinePeriods([pair(99, 199), pair(100, 200)]);
    expect(combined).toMatchObject({ shares: [0, 1], leftOut: 199, treatment: { n: 100 } });
    expect(combinePeriods([pair(99, 199)])).toBeNull();
    expect(combinesPeriods('score')).toBe(false);
  });

  it('raises at most 5 % false alarms in A/A with weights that change and days that get better, at every look', () => {
    const rng = createRng('mixed-allocation');
    const [runs, looks, perLook] = [300, 25, 80];
    const estimator = estimatorRegistry.get('asymptotic-cs');
    const options = { alpha: 0.05, adjust: false, kind: 'proportion' } as const;
    const judged = (a: Moments, b: Moments): boolean =>
      (estimator.compare(a, b, options).evidence?.value ?? 1) < 0.05;
    let [alarms, naive] = [0, 0];
    for (let run = 0; run < runs; run++) {
      const counts = Array.from({ length: 3 }, () => ({ n: [0, 0], hits: [0, 0] }));
      let [alarm, wrong] = [false, false];
      for (let look = 0; look < looks; look++) {
        const phase = Math.floor((look * 3) / looks);
        const { n, hits } = counts[phase] as (typeof counts)[number];
        const chance = [0.2, 0.35, 0.5][phase] as number;
        for (let i = 0; i < perLook; i++) {
          const arm = rng.uniform() < ([0.2, 0.5, 0.8][phase] as number) ? 1 : 0;
          n[arm] = (n[arm] as number) + 1;
          if (rng.uniform() < chance) hits[arm] = (hits[arm] as number) + 1;
        }
        const of = (arm: number) =>
          counts.map((one) => fromCounts(one.n[arm] as number, one.hits[arm] as number));
        const [control, treatment] = [of(0), of(1)];
        const combined = combinePeriods(
          counts.map((one, p) => ({
            control: control[p] as Moments,
            treatment: treatment[p] as Moments,
            units: (one.n[0] as number) + (one.n[1] as number),
          })),
        );
        alarm ||= combined !== null && judged(combined.control, combined.treatment);
        wrong ||= judged(control.reduce(merge), treatment.reduce(merge));
      }
      alarms += Number(alarm);
      naive += Number(wrong);
    }
    expect(alarms / runs).toBeLessThanOrEqual(0.05);
    expect(naive / runs).toBeGreaterThan(0.9);
  });
});
