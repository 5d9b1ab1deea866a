import { describe, expect, it } from '@jest/globals';
import type { HealthFacts } from '../contract.js';
import { metricRegistry } from '../definitions/index.js';
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
});
