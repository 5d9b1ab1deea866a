import { describe, expect, it } from '@jest/globals';
import type { MetricDefinition, Moments } from '../contract.js';
import { metricRegistry } from '../definitions/index.js';
import { fromSummary } from '../moments.js';
import { imbalanceOf } from './imbalance.js';
import { scanSegments } from './scan.js';
import type { SegmentCell, SegmentScanInput } from './scan.contract.js';

const watch: MetricDefinition = metricRegistry.get('watch-minutes');
const skips: MetricDefinition = metricRegistry.get('cancellations');
const ARMS = [
  { key: 'a', weight: 1, isControl: true },
  { key: 'b', weight: 1, isControl: false },
];

/** [control n, control mean, treatment n, treatment mean] by value of `device`, variance 100 throughout. */
type Row = readonly [number, number, number, number];

function input(
  rows: Record<string, Row>,
  whole?: Row,
  options: SegmentScanInput['options'] = { estimator: 'welch' },
): SegmentScanInput {
  const cell = (value: string, arm: string, moments: Moments): SegmentCell => ({
    attribute: 'device',
    value,
    metric: watch.key,
    arm,
    moments,
  });
  const both = (value: string, [n, mean, m, other]: Row): SegmentCell[] => [
    cell(value, 'a', fromSummary(n, mean, 100)),
    cell(value, 'b', fromSummary(m, other, 100)),
  ];
  return {
    arms: ARMS,
    metrics: [{ definition: watch, role: 'decision' }],
    attributes: [
      {
        attribute: 'device',
        values: Object.entries(rows).map(([value, [a, , b]]) => ({ value, units: { a, b } })),
        otherUnits: {},
      },
    ],
    cells: Object.entries(rows).flatMap(([value, row]) => both(value, row)),
    overall: whole ? both('', whole) : [],
    options,
  };
}

describe('scanSegments', () => {
  it('tests every cell and whether the cells differ, by closed forms', () => {
    const scan = scanSegments(input({ tv: [1000, 20, 1000, 21], phone: [1000, 20, 1000, 19.5] }));
    // Standard errors are sqrt(100/1000 + 100/1000); z 2.2361 and -1.1180 with 1998 df (scipy: 2 * t.sf(z, 1998)).
    expect(scan.cells.map(({ pValue }) => pValue)).toEqual([
      expect.closeTo(0.0254573, 6),
      expect.closeTo(0.2636869, 6),
    ]);
    expect(scan.cells.map(({ qValue }) => qValue)).toEqual([
      expect.closeTo(2 * 0.0254573, 6),
      expect.closeTo(0.2636869, 6),
    ]);
    expect(scan.cells.map(({ direction }) => direction)).toEqual(['unclear', 'unclear']);
    // Two effects: Q = (e1 - e2)^2 / (v1 + v2) = 1.5^2 / 0.4 = 5.625 (scipy: chi2.sf(5.625, 1)).
    expect(scan.interactions[0]).toMatchObject({
      segments: 2,
      q: expect.closeTo(5.625, 10),
      df: 1,
      pValue: expect.closeTo(0.0177061, 6),
      qValue: expect.closeTo(0.0177061, 6),
      reason: null,
      reversed: false,
    });
    expect(scan.tests).toEqual({ cells: 2, interactions: 1 });
    expect(scan.exploratory).toBe(true);
  });

  it('takes no chance to be better for a p-value', () => {
    const scan = scanSegments(
      input({ tv: [1000, 20, 1000, 21], phone: [1000, 20, 1000, 19.5] }, undefined, {
        estimator: 'bayesian',
      }),
    );
    expect(scan.cells.map(({ effect }) => effect.evidence?.kind)).toEqual(
      Array(2).fill('probability-better'),
    );
    expect(scan.cells.map(({ pValue, qValue, direction }) => [pValue, qValue, direction])).toEqual(
      Array(2).fill([null, null, 'unclear']),
    );
  });

  it('shrinks what one segment says alone, on the scale of the contrast and as a lift', () => {
    const rows = {
      tv: [1000, 20, 1000, 23],
      phone: [1000, 10, 1000, 10],
      web: [1000, 20, 1000, 20.5],
    } as const;
    for (const options of [{ estimator: 'welch' }, { estimator: 'bayesian', priorLiftSd: 0.01 }]) {
      const { cells, interactions } = scanSegments(
        input({ ...rows, watch: [9, 20, 9, 90] }, undefined, options),
      );
      // Errors are all sqrt(0.2); the variance of 3, 0, 0.5 is 31/12: w = 1 - 0.2 / (31/12).
      const weight = 1 - (0.2 * 12) / 31;
      const mean = 3.5 / 3;
      expect(interactions[0]?.shrinkage).toMatchObject({
        mean: expect.closeTo(mean, 9),
        tau: expect.closeTo(Math.sqrt(31 / 12 - 0.2), 6),
      });
      const [tv, phone, web, small] = cells.map(({ shrunken }) => shrunken);
      expect(small).toBeNull();
      expect(tv?.estimate).toBeCloseTo(mean + weight * (3 - mean), 9);
      expect(phone?.relative?.estimate).toBeCloseTo((mean - weight * mean) / 10, 9);
      expect(web?.relative?.interval.upper).toBeCloseTo((web?.interval.upper ?? NaN) / 20, 12);
    }
  });

  it('gives each segment its share of the look plan, and the prior', () => {
    const rows = { tv: [3000, 20, 3000, 21], phone: [1000, 20, 1000, 20.2] } as const;
    const whole = [4000, 20, 4000, 20.8] as const;
    const lookPlan = { plannedUnits: 16_000, looks: [0.5, 1], spending: 'obrien_fleming' } as const;
    const { cells } = scanSegments(input(rows, whole, { estimator: 'group-sequential', lookPlan }));
    // Half of the planned units are there, in the whole and so in every segment: O'Brien-Fleming's 2.9626 (gsDesign,
    // spending function at 0.5), of standard errors sqrt(0.2 / 3) and sqrt(0.2).
    const halves = cells.map(
      ({ effect: { interval } }) => ((interval?.upper ?? 0) - (interval?.lower ?? 0)) / 2,
    );
    expect(halves[0]).toBeCloseTo(2.9626 * Math.sqrt(0.2 / 3), 3);
    expect(halves[1]).toBeCloseTo(2.9626 * Math.sqrt(0.2), 3);
    const without = scanSegments(input(rows, whole, { estimator: 'group-sequential' }));
    expect(without.cells.map(({ effect }) => effect.reason)).toEqual(Array(2).fill('no_planned_looks'));
    const prior = scanSegments(input(rows, whole, { estimator: 'bayesian', priorLiftSd: 0.01 })).cells[0]
      ?.effect;
    // N(0, 0.2^2) prior and error sqrt(0.2 / 3): the share kept is 0.04 / (0.04 + 0.0666).
    expect(prior?.estimate).toBeCloseTo(0.04 / (0.04 + 0.2 / 3), 6);
  });

  it('shows small segments, but tests them nowhere', () => {
    const scan = scanSegments(
      input({ tv: [1000, 20, 1000, 21], phone: [1000, 20, 1000, 21], watch: [1000, 20, 49, 90] }),
    );
    const small = scan.cells.find(({ value }) => value === 'watch');
    expect(small).toMatchObject({ tooFew: true, pValue: null, qValue: null, direction: 'unclear' });
    expect(small?.effect.estimate).toBe(70);
    expect(scan.interactions[0]).toMatchObject({ segments: 2, q: expect.closeTo(0, 12), pValue: 1 });
    const alone = scanSegments(input({ tv: [1000, 20, 1000, 21], watch: [9, 20, 9, 90] }));
    expect(alone.interactions[0]).toMatchObject({ reason: 'fewer_than_two_segments', q: null, pValue: null });
  });

  it('judges by the q-value and by what is better for the metric', () => {
    const up = input({ tv: [9000, 20, 9000, 22], phone: [9000, 20, 9000, 18] });
    expect(scanSegments(up).cells.map(({ direction }) => direction)).toEqual(['better', 'worse']);
    const lower = {
      ...up,
      metrics: [{ definition: { ...skips, key: watch.key }, role: 'guardrail' as const }],
    };
    expect(scanSegments(lower).cells.map(({ direction }) => direction)).toEqual(['worse', 'better']);
  });

  it('finds that every segment says the opposite of the whole', () => {
    // b is better on each device, but has more of the device on which people watch little.
    const rows = { tv: [8000, 40, 2000, 41], phone: [2000, 10, 8000, 11] } as const;
    const scan = scanSegments(input(rows, [10_000, 34, 10_000, 17]));
    expect(scan.interactions[0]?.reversed).toBe(true);
    expect(scan.imbalances[0]).toMatchObject({ attribute: 'device', shares: { a: 0.8, b: 0.2 } });
    expect(scan.imbalances[0]?.note).toContain('tv is 80.0 % of a and 20.0 % of b');
    expect(scanSegments(input(rows, [10_000, 17, 10_000, 34])).interactions[0]?.reversed).toBe(false);
  });

  it('refuses an unknown arm, and gives plain JSON for odd data', () => {
    expect(() => scanSegments(input({}, undefined, { baseline: 'z' }))).toThrow(/no arm "z"; arms are a, b/);
    expect(() => scanSegments(input({}, undefined, { alpha: 2 }))).toThrow(/alpha/);
    const odd = input({ tv: [1000, 1e300, 1000, -1e300], phone: [0, 0, 0, 0] });
    expect(JSON.stringify(scanSegments(odd))).not.toMatch(/NaN|Infinity/);
  });
});

describe('imbalanceOf', () => {
  const attribute = (rows: Record<string, readonly [number, number]>) => ({
    attribute: 'device',
    values: Object.entries(rows).map(([value, [a, b]]) => ({ value, units: { a, b } })),
    otherUnits: {},
  });

  it('is Pearson\u2019s test of homogeneity', () => {
    // scipy.stats.chi2_contingency([[300, 100], [200, 400]], correction=False): 166.667.
    expect(imbalanceOf(attribute({ tv: [300, 100], phone: [200, 400] }), ['a', 'b'])).toMatchObject({
      statistic: expect.closeTo(1000 / 6, 9),
      df: 1,
      value: 'tv',
      shares: { a: 0.6, b: 0.2 },
    });
  });

  it('says nothing of equal mixes, of differences that nobody would notice, and of too few units', () => {
    expect(imbalanceOf(attribute({ tv: [300, 310], phone: [200, 190] }), ['a', 'b'])).toBeNull();
    expect(imbalanceOf(attribute({ tv: [3e9, 3.003e9], phone: [3e9, 2.997e9] }), ['a', 'b'])).toBeNull();
    expect(imbalanceOf(attribute({ tv: [4, 0], phone: [0, 4] }), ['a', 'b'])).toBeNull();
    expect(imbalanceOf(attribute({ tv: [400, 0] }), ['a', 'b'])).toBeNull();
  });
});
