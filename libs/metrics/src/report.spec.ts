import { describe, expect, it } from '@jest/globals';
import type { HealthFacts, MetricDefinition, Moments } from './contract.js';
import { metricRegistry } from './definitions/index.js';
import { DEFAULT_ESTIMATOR, estimatorRegistry } from './estimators/index.js';
import { fromCounts, fromValues } from './moments.js';
import type { ReportCell, ReportInput, ReportMetric } from './report.contract.js';
import { buildReport } from './report.js';

const watch: MetricDefinition = metricRegistry.get('watch-minutes');
const cancellations: MetricDefinition = metricRegistry.get('cancellations');
const plays: MetricDefinition = metricRegistry.get('play-rate');

const mean = (n: number, value: number, variance = 100): Moments => ({
  n,
  mean: [value, 1, 0],
  comoment: [(n - 1) * variance, 0, 0, 0, 0, 0],
  nonZero: n,
});

function facts(units: Record<string, number>, more: Partial<HealthFacts> = {}): HealthFacts {
  const arms = Object.entries(units).map(([key, count]) => ({ key, weight: 1, units: count }));
  return {
    arms,
    totalUnits: arms.reduce((sum, arm) => sum + arm.units, 0),
    crossoverUnits: 0,
    daysRunning: 14,
    ...more,
  };
}

interface Scene {
  readonly watch: Record<string, Moments>;
  readonly cancels?: Record<string, Moments>;
  readonly margin?: number;
  readonly options?: ReportInput['options'];
  readonly units?: Record<string, number>;
}

function inputOf(scene: Scene): ReportInput {
  const keys = Object.keys(scene.watch);
  const cells = (metric: string, byArm: Record<string, Moments>): ReportCell[] =>
    Object.entries(byArm).map(([arm, moments]) => ({ metric, arm, moments }));
  const guardrail: ReportMetric[] = scene.cancels
    ? [
        {
          definition: cancellations,
          role: 'guardrail',
          ...(scene.margin === undefined ? {} : { margin: scene.margin }),
        },
      ]
    : [];
  return {
    arms: keys.map((key, i) => ({ key, weight: 1, isControl: i === 0 })),
    metrics: [{ definition: watch, role: 'decision' }, ...guardrail],
    cells: [...cells(watch.key, scene.watch), ...cells(cancellations.key, scene.cancels ?? {})],
    facts: facts(scene.units ?? Object.fromEntries(keys.map((key) => [key, scene.watch[key]?.n ?? 0]))),
    ...(scene.options ? { options: scene.options } : {}),
  };
}

const report = (scene: Scene) => buildReport(inputOf(scene));

describe('verdict', () => {
  const n = 50_000;
  const calm = { a: fromCounts(n, 2500), b: fromCounts(n, 2500) };

  it('ships a clear win whose guardrails hold', () => {
    const { verdict } = report({ watch: { a: mean(n, 30), b: mean(n, 31) }, cancels: calm });
    expect(verdict).toMatchObject({ kind: 'ship', arm: 'b' });
    expect(verdict.sentence).toMatch(
      /^Ship b: Watch minutes per unit \+3\.3 %, 95 % interval \+[\d.]+ % to \+[\d.]+ % and no guardrail is worse than tolerated\.$/,
    );
    expect(verdict.clauses.map(({ holds }) => holds)).toEqual([true, true, true]);
  });

  it('waits with a clear win while a health check fails, even one that does not block', () => {
    const input = inputOf({ watch: { a: mean(n, 30), b: mean(n, 31) }, cancels: calm });
    const propensities = [{ arm: 'b', decisions: 5000, meanInverse: 14, standardError: 0.1, expected: 10 }];
    const { health, verdict } = buildReport({ ...input, facts: { ...input.facts, propensities } });
    expect(health.find(({ status }) => status === 'fail')).toMatchObject({ blocks: false });
    expect(verdict).toMatchObject({ kind: 'wait', arm: 'b' });
    expect(verdict.sentence).toMatch(/^Wait with b: it is better .* but a health check fails \(.+\)\.$/);
  });

  it('holds back the arm with more errors, and ships another', () => {
    const input = inputOf({ watch: { a: mean(n, 30), b: mean(n, 31), c: mean(n, 32) } });
    const errors = (arm: string, own: number) => ({
      event: 'playback_error',
      arm,
      periods: [{ weights: [1, 1] as const, events: [200, own] as const }],
    });
    const verdict = (b: number, c: number) =>
      buildReport({ ...input, facts: { ...input.facts, eventRates: [errors('b', b), errors('c', c)] } })
        .verdict;
    expect(verdict(200, 200)).toMatchObject({ kind: 'ship', arm: 'c' });
    const other = verdict(200, 400);
    expect(other).toMatchObject({ kind: 'ship', arm: 'b' });
    expect(other.clauses.every(({ holds }) => holds)).toBe(true);
    const none = verdict(400, 400);
    expect(none).toMatchObject({ kind: 'wait', arm: 'c' });
    expect(none.sentence).toMatch(/a health check fails \(rates of errors/);
  });

  it('waits with a win as long as a guardrail is not shown to hold', () => {
    const few = { a: fromCounts(n, 50), b: fromCounts(n, 50) };
    const { verdict } = report({ watch: { a: mean(n, 30), b: mean(n, 31) }, cancels: few });
    expect(verdict.kind).toBe('wait');
    expect(verdict.sentence).toMatch(
      /is better, but Cancellations is not yet shown to be within the tolerated margin/,
    );
  });

  it('stops for a guardrail that is clearly worse, even with a win', () => {
    const { verdict } = report({
      watch: { a: mean(n, 30), b: mean(n, 31) },
      cancels: { a: fromCounts(n, 2500), b: fromCounts(n, 3200) },
    });
    expect(verdict).toMatchObject({ kind: 'stop', arm: 'b' });
    expect(verdict.sentence).toMatch(/a guardrail is clearly worse \(Cancellations \+28\.0 %/);
  });

  it('stops for harm although the decision metric has no units yet, and only for harm', () => {
    const scene = { watch: { a: mean(0, 0), b: mean(0, 0) }, units: { a: n, b: n } };
    const harmed = { a: fromCounts(n, 2500), b: fromCounts(n, 3200) };
    const { verdict } = report({ ...scene, cancels: harmed });
    expect(verdict).toMatchObject({ kind: 'stop', arm: 'b' });
    expect(verdict.sentence).toMatch(/a guardrail is clearly worse \(Cancellations \+28\.0 %/);
    expect(report({ ...scene, cancels: calm }).verdict.kind).toBe('no-data');
  });

  it('tolerates a guardrail that is worse, but shown to be within its margin', () => {
    const large = 5_000_000;
    const scene = {
      watch: { a: mean(large, 30), b: mean(large, 31) },
      cancels: { a: fromCounts(large, 250_000), b: fromCounts(large, 255_000) },
    };
    expect(report(scene).results[1]?.direction).toBe('worse');
    expect(report(scene).verdict.kind).toBe('ship');
    expect(report({ ...scene, margin: 0.01 }).verdict.kind).toBe('stop');
  });

  it('stops a clear loss', () => {
    expect(report({ watch: { a: mean(n, 30), b: mean(n, 29) } }).verdict).toMatchObject({
      kind: 'stop',
      arm: 'b',
    });
  });

  it('fixes first when the split is broken, whatever the metrics say', () => {
    const { verdict } = report({
      watch: { a: mean(n, 30), b: mean(n, 31) },
      units: { a: 50_000, b: 47_000 },
    });
    expect(verdict).toMatchObject({ kind: 'fix-first', arm: null });
    expect(verdict.clauses[0]).toMatchObject({ evidence: 'sample-ratio', holds: false });
  });

  it('waits while underpowered, and says how many units are missing and how long that takes', () => {
    const { verdict, health } = report({ watch: { a: mean(1000, 30, 900), b: mean(1000, 30.3, 900) } });
    expect(verdict.kind).toBe('wait');
    expect(verdict.sentence).toMatch(
      /to find a lift of 5 %, about [\d,]+ more units per arm are needed, about [\d,]+ days at the present rate/,
    );
    expect(health.find(({ key }) => key === 'power')?.status).toBe('warn');
  });

  it('says so when there is no difference that matters', () => {
    const { verdict } = report({ watch: { a: mean(200_000, 30), b: mean(200_000, 30.01) } });
    expect(verdict.kind).toBe('wait');
    expect(verdict.sentence).toMatch(/no difference that matters/);
  });

  it('has no data, or not enough to say anything', () => {
    expect(report({ watch: { a: mean(0, 0), b: mean(0, 0) } }).verdict.kind).toBe('no-data');
    expect(report({ watch: { a: mean(50, 30), b: mean(50, 35) } }).verdict.sentence).toMatch(
      /cannot be judged yet \(fewer than 100 units/,
    );
    expect(
      buildReport({ ...inputOf({ watch: { a: mean(9, 1), b: mean(9, 1) } }), metrics: [] }).verdict.kind,
    ).toBe('no-data');
  });

  it('ships the best of several arms and corrects for looking at several', () => {
    const { verdict, results } = report({
      watch: { a: mean(n, 30), b: mean(n, 30.5), c: mean(n, 31), d: mean(n, 30) },
    });
    expect(verdict).toMatchObject({ kind: 'ship', arm: 'c' });
    const raw = results.find(({ arm }) => arm === 'b');
    expect(raw?.pValueAdjusted).toBeGreaterThan(raw?.pValue ?? 1);
    expect(results.every(({ multiplicity }) => multiplicity === 'holm')).toBe(true);
  });

  it('waits as long as one arm may still win', () => {
    const { verdict } = report({ watch: { a: mean(n, 30), b: mean(n, 29), c: mean(n, 30.05) } });
    expect(verdict).toMatchObject({ kind: 'wait', arm: 'c' });
  });
});

describe('buildReport', () => {
  it('compares every arm with the baseline, also another one than the control', () => {
    const scene = { watch: { a: mean(1000, 30), b: mean(1000, 31), c: mean(1000, 32) } };
    expect(report(scene).results.map(({ arm }) => arm)).toEqual(['b', 'c']);
    const other = report({ ...scene, options: { baseline: 'c', estimator: 'welch', alpha: 0.1 } });
    expect(other.results.map(({ arm, effect }) => [arm, effect.estimate])).toEqual([
      ['a', -2],
      ['b', -1],
    ]);
    expect(other.options).toMatchObject({
      baseline: 'c',
      estimator: 'welch',
      alpha: 0.1,
      level: 0.9,
      adjust: true,
    });
  });

  it('merges cohorts, adjusts where there is a covariate and keeps the plain effect beside it', () => {
    const y = Float64Array.from({ length: 400 }, (_, i) => 20 + (i % 10) + ((i * 7) % 13) / 10);
    const x = Float64Array.from({ length: 400 }, (_, i) => i % 10);
    const cohort = (shift: number) =>
      fromValues(
        y.map((v) => v + shift),
        undefined,
        x,
      );
    const input = inputOf({ watch: { a: cohort(0), b: cohort(0.1) } });
    const twice = { ...input, cells: [...input.cells, ...input.cells], facts: facts({ a: 800, b: 800 }) };
    const [result] = buildReport(twice).results;
    expect(result?.effect.control.n).toBe(800);
    // The moments beside it are those of all cohorts and give the same effect again.
    const { control, treatment } = result?.moments ?? {};
    expect(control).toMatchObject({ n: 800, mean: [expect.closeTo(25.09875, 9), 1, 4.5] });
    expect(
      estimatorRegistry.get(DEFAULT_ESTIMATOR).compare(control as Moments, treatment as Moments, {
        alpha: 0.05,
        adjust: true,
        kind: watch.kind,
      }),
    ).toEqual(result?.effect);
    expect(result?.effect.adjusted).toBe(true);
    expect(result?.unadjusted).toMatchObject({ adjusted: false, estimate: expect.closeTo(0.1, 10) });
    expect(result?.effect.standardError ?? 9).toBeLessThan((result?.unadjusted?.standardError ?? 0) / 2);
    const plain = buildReport({ ...twice, options: { adjust: false } }).results[0];
    expect(plain).toMatchObject({ unadjusted: null, effect: { adjusted: false } });
  });

  it('draws the effect over time and says what is missing', () => {
    const input = inputOf({ watch: { a: mean(1000, 30), b: mean(1000, 31) } });
    const retention = metricRegistry.get('retention-day-7');
    const body = buildReport({
      ...input,
      metrics: [
        ...input.metrics,
        { definition: retention, role: 'secondary' },
        { definition: plays, role: 'secondary' },
      ],
      cells: [...input.cells, { metric: plays.key, arm: 'a', moments: fromCounts(100, 10) }],
      series: [
        { at: '2026-01-01', cells: [] },
        { at: '2026-01-02', cells: input.cells },
      ],
    });
    expect(
      body.series.filter(({ metric }) => metric === watch.key).map(({ at, effect }) => [at, effect.estimate]),
    ).toEqual([
      ['2026-01-01', null],
      ['2026-01-02', 1],
    ]);
    expect(body.missing).toEqual([
      'Day-7 retention: no units yet in a, b (units count from 8 days after first exposure on).',
      'Play rate: no units yet in b.',
    ]);
  });

  it('plans for the lift that the decision metric says matters, unless the caller says another', () => {
    const input = inputOf({ watch: { a: mean(1000, 30), b: mean(1000, 30.1) } });
    const of = (minimumLift: number | undefined, options: ReportInput['options'] = {}) =>
      buildReport({
        ...input,
        metrics: [
          { definition: minimumLift === undefined ? watch : { ...watch, minimumLift }, role: 'decision' },
        ],
        options,
      });
    const power = (body: ReturnType<typeof of>) =>
      body.health.find(({ key }) => key === 'power')?.explanation ?? '';
    expect(power(of(undefined))).toContain('5');
    expect(of(0.01).results[0]?.unitsNeededPerArm ?? 0).toBeGreaterThan(
      of(undefined).results[0]?.unitsNeededPerArm ?? 0,
    );
    expect(of(0.01).results[0]?.unitsNeededPerArm).toBe(
      of(undefined, { minimumLift: 0.01 }).results[0]?.unitsNeededPerArm,
    );
    expect(of(0.01, { minimumLift: 0.05 }).results[0]?.unitsNeededPerArm).toBe(
      of(undefined).results[0]?.unitsNeededPerArm,
    );
    expect(power(of(0.01))).toBe(power(of(undefined, { minimumLift: 0.01 })));
    expect(of(0.01).verdict).toEqual(of(undefined, { minimumLift: 0.01 }).verdict);
  });

  it('refuses what cannot be asked', () => {
    const scene = { watch: { a: mean(1000, 30), b: mean(1000, 31) } };
    expect(() => report({ ...scene, options: { estimator: 'magic' } })).toThrow(
      /estimator "magic" is not known/,
    );
    expect(() => report({ ...scene, options: { baseline: 'z' } })).toThrow(
      /there is no arm "z"; arms are a, b/,
    );
    expect(() => report({ ...scene, options: { alpha: 1 } })).toThrow(/alpha/);
  });

  it('is plain JSON without NaN, also for empty and odd data', () => {
    const odd = { ...mean(10, NaN), comoment: [-1, 0, 0, 0, 0, 0] as const };
    const body = report({
      watch: { a: odd, b: mean(1e9, 1e300, 1e300) },
      cancels: { a: fromCounts(5, 0), b: fromCounts(5, 5) },
    });
    expect(JSON.stringify(body)).not.toMatch(/NaN|Infinity/);
    expect(
      JSON.parse(JSON.stringify({ ...body, results: body.results.map(({ effect }) => effect.evidence) })),
    ).toBeTruthy();
    expect(body.results[0]?.effect).toMatchObject({ status: 'undefined', reason: 'not_finite' });
  });
});
