import { describe, expect, it } from '@jest/globals';
import type { Interval, MetricDefinition } from './contract.js';
import { studentTSf } from './distributions/index.js';
import { meanEquivalence } from './margins/index.js';
import { fromCounts, fromSummary } from './moments.js';
import { buildReport } from './report.js';
import type { MetricRole, ReportCell, ReportInput, ReportOptions, ReportResult } from './report.contract.js';
import { MULTIPLICITY_CHOICES } from './report.contract.js';

const metric = (key: string, role: MetricRole) => ({
  role,
  margin: 0.05,
  definition: {
    key,
    title: key,
    description: '',
    measuredIn: 'minutes',
    betterWhen: key === 'bad' ? 'lower' : 'higher',
    family: 'engagement',
    kind: 'mean',
    numerator: { fold: 'sum', events: [], scope: 'unit' },
    maturityDays: 0,
  } satisfies MetricDefinition,
});

const N = 5000;
const SE = Math.sqrt((2 * 4) / N);
/** An arm whose mean lies `z` standard errors of the difference above control's 10. */
const cell = (key: string, arm: string, z: number): ReportCell => ({
  metric: key,
  arm,
  moments: { ...fromSummary(N, 10 + z * SE, 4), nonZero: N },
});

const effects: Readonly<Record<string, readonly [number, number]>> = {
  main: [2.5, 2.1],
  other: [2.2, -3],
  bad: [2.05, 0],
  guard: [0.2, -1],
};

function report(options: ReportOptions, over: Partial<ReportInput> = {}) {
  const arms = ['control', 'b', 'c'].map((key) => ({ key, weight: 1, isControl: key === 'control' }));
  return buildReport({
    arms,
    metrics: [
      metric('main', 'decision'),
      metric('other', 'secondary'),
      metric('bad', 'secondary'),
      metric('guard', 'guardrail'),
    ],
    cells: Object.entries(effects).flatMap(([key, [b, c]]) => [
      cell(key, 'control', 0),
      cell(key, 'b', b),
      cell(key, 'c', c),
    ]),
    facts: {
      arms: arms.map((arm) => ({ ...arm, units: N })),
      totalUnits: 3 * N,
      crossoverUnits: 0,
      daysRunning: 20,
    },
    options: { estimator: 'welch', ...options },
    ...over,
  });
}

const of = (results: readonly ReportResult[], key: string, arm: string): ReportResult =>
  results.find((result) => result.metric === key && result.arm === arm) as ReportResult;
const excludesZero = (interval: Interval | null): boolean =>
  interval !== null && ((interval.lower ?? -1) > 0 || (interval.upper ?? 1) < 0);

function expectMatchingIntervals({
  adjustedIntervals,
  effect,
  pValueAdjusted,
  direction,
  multiplicity,
}: ReportResult) {
  if (!adjustedIntervals) return expect(multiplicity).toBe('none');
  const rejected = (pValueAdjusted ?? 1) < 0.05;
  expect(direction !== 'unclear').toBe(rejected);
  for (const [wide, plain] of [
    [adjustedIntervals.absolute, effect.interval],
    [adjustedIntervals.relative, effect.relative.interval],
  ] as const) {
    expect(excludesZero(wide)).toBe(rejected);
    expect(wide?.lower ?? -Infinity).toBeLessThanOrEqual(plain?.lower ?? -Infinity);
    expect(wide?.upper ?? Infinity).toBeGreaterThanOrEqual(plain?.upper ?? Infinity);
  }
}

const p = (z: number): number => 2 * studentTSf(Math.abs(z), 2 * N - 2);

describe('families and corrections of a report', () => {
  it('corrects decision metrics by Holm and secondary ones by Benjamini-Hochberg unless told otherwise', () => {
    const { results } = report({});
    expect(of(results, 'main', 'b')).toMatchObject({ multiplicity: 'holm', familySize: 2 });
    expect(of(results, 'main', 'b').pValueAdjusted).toBeCloseTo(2 * p(2.5), 10);
    expect(of(results, 'main', 'c').pValueAdjusted).toBeCloseTo(p(2.1), 10);
    expect(of(results, 'other', 'b')).toMatchObject({ multiplicity: 'fdr_bh', familySize: 4 });
    expect(of(results, 'other', 'c').pValueAdjusted).toBeCloseTo(4 * p(3), 10);
    expect(of(results, 'guard', 'b')).toMatchObject({
      multiplicity: 'none',
      familySize: 1,
      adjustedIntervals: null,
    });
  });

  it('takes the family that was asked for', () => {
    const all = report({ multiplicity: 'holm', family: 'all' }).results;
    expect(of(all, 'main', 'b').familySize).toBe(6);
    expect(of(all, 'other', 'c').pValueAdjusted).toBeCloseTo(6 * p(3), 10);
    expect(of(all, 'main', 'b').pValueAdjusted).toBeCloseTo(5 * p(2.5), 10);
    const single = report({ multiplicity: 'hochberg', family: 'metric' }).results;
    expect(of(single, 'other', 'b')).toMatchObject({ familySize: 2, multiplicity: 'hochberg' });
    expect(of(single, 'other', 'b').pValueAdjusted).toBeCloseTo(p(2.2), 10);
    expect(of(report({ multiplicity: 'none' }).results, 'main', 'b').pValueAdjusted).toBeCloseTo(p(2.5), 10);
  });

  it('gives intervals that exclude zero exactly when the adjusted p-value is below alpha, never narrower ones', () => {
    for (const multiplicity of MULTIPLICITY_CHOICES)
      for (const family of ['role', 'metric', 'all'] as const)
        for (const result of report({ multiplicity, family }).results) {
          expectMatchingIntervals(result);
        }
  });
});

describe('guardrails on both sides', () => {
  it('are held by two one-sided tests with a relative margin, and the verdict names them', () => {
    const body = report({ guardrailTest: 'equivalence' });
    const result = of(body.results, 'guard', 'b');
    expect(result.equivalence).toMatchObject({ status: 'ok', margin: 0.05, holds: true });
    // With control's mean known the relative margin would be 0.5; its uncertainty adds little here.
    const known = meanEquivalence(fromSummary(N, 10, 4), fromSummary(N, 10 + 0.2 * SE, 4), {
      lower: -0.5,
      upper: 0.5,
      alpha: 0.05,
    });
    expect(known.status === 'ok' && known.equivalent).toBe(true);
    expect(JSON.stringify(body.verdict.clauses)).toContain('not worse or better by 5 %');
    expect(report({}).results.every(({ equivalence }) => equivalence === null)).toBe(true);
  });

  it('fail when the metric moved beyond the margin in the good direction', () => {
    const cells = [
      cell('main', 'control', 0),
      cell('main', 'b', 4),
      cell('guard', 'control', 0),
      cell('guard', 'b', 20),
    ];
    const over = {
      cells,
      arms: ['control', 'b'].map((key) => ({ key, weight: 1, isControl: key === 'control' })),
      metrics: [metric('main', 'decision'), metric('guard', 'guardrail')],
    };
    expect(report({}, over).verdict.kind).toBe('ship');
    const both = report({ guardrailTest: 'equivalence' }, over);
    expect(of(both.results, 'guard', 'b')).toMatchObject({
      nonInferiority: { holds: true },
      equivalence: { holds: false },
    });
    expect(both.verdict.kind).toBe('wait');
  });
});

describe('a report by the Bayesian estimator', () => {
  it('decides by the credible interval, corrects nothing, and says better for the product', () => {
    const { results } = report({ estimator: 'bayesian' });
    expect(of(results, 'main', 'b')).toMatchObject({
      direction: 'better',
      multiplicity: 'none',
      pValue: null,
      pValueAdjusted: null,
    });
    expect(of(results, 'main', 'b').effect.bayes?.probabilityBetter).toBeCloseTo(1 - p(2.5) / 2, 4);
    expect(of(results, 'bad', 'b')).toMatchObject({ direction: 'worse' });
    expect(of(results, 'bad', 'b').effect.bayes?.probabilityBetter).toBeCloseTo(p(2.05) / 2, 4);
  });

  it('shrinks towards no lift with a prior', () => {
    const flat = of(report({ estimator: 'bayesian' }).results, 'main', 'b').effect;
    const prior = of(report({ estimator: 'bayesian', priorLiftSd: SE / 10 }).results, 'main', 'b').effect;
    // Prior and data weigh the same: half the estimate.
    expect(prior.estimate).toBeCloseTo((flat.estimate ?? NaN) / 2, 3);
    expect(prior.standardError).toBeCloseTo((flat.standardError ?? NaN) / Math.SQRT2, 5);
  });
});

describe('a report by the group sequential estimator', () => {
  it('asks for planned looks, and takes each pair of arms at its share of the plan', () => {
    const without = report({ estimator: 'group-sequential' });
    expect(of(without.results, 'main', 'b').effect).toMatchObject({
      status: 'undefined',
      reason: 'no_planned_looks',
    });
    const lookPlan = { plannedUnits: 6 * N, looks: [0.5, 1], spending: 'obrien_fleming' } as const;
    const half = report({ estimator: 'group-sequential', lookPlan });
    const { interval, estimate, standardError } = of(half.results, 'main', 'b').effect;
    // R rpact: getDesignGroupSequential(typeOfDesign = "asOF", informationRates = c(0.5, 1), alpha = 0.025): 2.963 at the first look.
    expect(((interval?.upper ?? NaN) - (estimate ?? NaN)) / (standardError ?? NaN)).toBeCloseTo(2.963, 3);
  });
});

describe('the verdict by the group sequential estimator', () => {
  const decided = (plannedUnits: number) => {
    const lookPlan = { plannedUnits, looks: [0.5, 1], spending: 'obrien_fleming' } as const;
    const body = report({ estimator: 'group-sequential', lookPlan, guardrailTest: 'non-inferiority' });
    return { kind: body.verdict.kind, peek: body.health.find(({ key }) => key === 'peek') };
  };

  it('is too early between planned looks, and not at them', () => {
    // Three arms of N units: at the first look, between the two, at the last one and far beyond it.
    expect(decided(6 * N).peek).toMatchObject({ status: 'pass' });
    const between = decided(4 * N);
    expect(between).toMatchObject({ kind: 'too-early', peek: { warning: 'PEEK', threshold: 1 } });
    expect(between.peek?.explanation).toMatch(/next at 100 % of the planned units \(now 75 %\)/);
    expect(decided(3 * N).peek).toMatchObject({ status: 'pass' });
    expect(decided(N).peek).toMatchObject({ status: 'pass' });
  });
});

describe('shares in a report by the score estimator', () => {
  it('have an answer where an arm has no success', () => {
    const arms = ['control', 'b'].map((key) => ({ key, weight: 1, isControl: key === 'control' }));
    const share = metric('main', 'decision');
    const { results } = report(
      { estimator: 'score' },
      {
        arms,
        metrics: [{ ...share, definition: { ...share.definition, kind: 'proportion' } }],
        cells: [
          { metric: 'main', arm: 'control', moments: fromCounts(200, 0) },
          { metric: 'main', arm: 'b', moments: fromCounts(200, 6) },
        ],
      },
    );
    const { effect } = results[0] as ReportResult;
    expect(effect).toMatchObject({ status: 'ok', relative: { reason: 'zero_baseline' } });
    expect(effect.interval?.lower ?? -1).toBeGreaterThan(0);
    expect(effect.evidence?.value ?? 1).toBeLessThan(0.05);
  });
});
