import { buildReport, fromValues } from '#metrics';
import type { MetricDefinition, ReportBody, ReportCell, ReportMetric } from '#metrics';
import { Problem } from '../http/problem.js';
import type { AnalysisBody } from './analysis.schemas.js';
import { settingsOf } from './report-settings.js';

/**
 * Reports on an experiment that ran elsewhere, from rows per unit or statistics per arm.
 * @throws Problem 400 naming the row or field: an unknown arm or metric, a value missing, a unit twice.
 */
export function analyse(
  body: AnalysisBody,
): Pick<ReportBody, 'health' | 'verdict' | 'results' | 'missing' | 'options'> {
  if (body.arms.filter((arm) => arm.isControl).length !== 1)
    throw Problem.invalid('/arms', 'one_control', 'exactly one arm must be the control');
  const { cells, units, crossover } = body.rows ? cellsOfRows(body, body.rows) : cellsOfStatistics(body);
  const report = buildReport({
    arms: body.arms,
    metrics: body.metrics.map(metricOf),
    cells,
    facts: {
      arms: body.arms.map((arm) => ({ key: arm.key, weight: arm.weight, units: units.get(arm.key) ?? 0 })),
      totalUnits: [...units.values()].reduce((sum, n) => sum + n, 0) + crossover,
      crossoverUnits: body.rows ? crossover : null,
      daysRunning: null,
    },
    options: {
      alpha: body.alpha,
      adjust: body.adjust,
      ...settingsOf(body, null),
      ...(body.estimator === undefined ? {} : { estimator: body.estimator }),
    },
  });
  return {
    options: report.options,
    health: report.health,
    verdict: report.verdict,
    results: report.results,
    missing: report.missing,
  };
}

function metricOf(metric: AnalysisBody['metrics'][number]): ReportMetric {
  const definition: MetricDefinition = {
    key: metric.key,
    title: metric.key,
    description: 'Measured elsewhere',
    measuredIn: metric.kind === 'mean' ? 'count' : 'share',
    betterWhen: metric.betterWhen,
    family: metric.role === 'guardrail' ? 'guardrail' : 'engagement',
    kind: metric.kind,
    numerator: { fold: 'sum', events: [], scope: 'unit' },
    maturityDays: 0,
  };
  return { definition, role: metric.role };
}

interface Cells {
  readonly cells: readonly ReportCell[];
  readonly units: ReadonlyMap<string, number>;
  readonly crossover: number;
}

type Row = NonNullable<AnalysisBody['rows']>[number];

function cellsOfRows(body: AnalysisBody, rows: readonly Row[]): Cells {
  const { byArm, crossover } = rowsByArm(body, rows);
  const cells = body.metrics.flatMap((metric) =>
    [...byArm].map(([arm, members]): ReportCell => {
      const y = new Float64Array(members.length);
      const d = new Float64Array(members.length);
      const x = new Float64Array(members.length);
      let covariate = members.length > 0;
      members.forEach(({ row, index }, i) => {
        const value = Object.hasOwn(row.values, metric.key) ? row.values[metric.key] : undefined;
        if (value === undefined)
          throw Problem.invalid(
            `/rows/${index}/values/${metric.key}`,
            'missing_value',
            'every row needs a value of every metric',
          );
        y[i] = typeof value === 'number' ? value : value.num;
        d[i] = typeof value === 'number' ? 1 : value.den;
        const pre =
          row.covariates && Object.hasOwn(row.covariates, metric.key)
            ? row.covariates[metric.key]
            : undefined;
        covariate &&= pre !== undefined;
        x[i] = pre ?? 0;
      });
      return { metric: metric.key, arm, moments: fromValues(y, d, covariate ? x : undefined) };
    }),
  );
  return { cells, units: new Map([...byArm].map(([arm, members]) => [arm, members.length])), crossover };
}

/** Rows by arm; units in several arms are left out and counted, a unit twice in one arm is an error. */
function rowsByArm(body: AnalysisBody, rows: readonly Row[]) {
  const arms = new Set(body.arms.map((arm) => arm.key));
  const armOf = new Map<string, string>();
  const crossed = new Set<string>();
  rows.forEach((row, index) => {
    if (!arms.has(row.arm))
      throw Problem.invalid(`/rows/${index}/arm`, 'unknown_arm', `"${row.arm}" is not one of the arms`);
    const before = armOf.get(row.unit);
    if (before === row.arm)
      throw Problem.invalid(
        `/rows/${index}/unit`,
        'duplicate_unit',
        'this unit has a row already; give one row per unit',
      );
    if (before !== undefined) crossed.add(row.unit);
    armOf.set(row.unit, row.arm);
  });
  const byArm = new Map<string, { row: Row; index: number }[]>(body.arms.map((arm) => [arm.key, []]));
  rows.forEach((row, index) => {
    if (!crossed.has(row.unit)) byArm.get(row.arm)?.push({ row, index });
  });
  return { byArm, crossover: crossed.size };
}

function cellsOfStatistics(body: AnalysisBody): Cells {
  const arms = new Set(body.arms.map((arm) => arm.key));
  const metrics = new Set(body.metrics.map((metric) => metric.key));
  const units = new Map<string, number>();
  const cells = (body.statistics ?? []).map(({ arm, metric, moments }, index): ReportCell => {
    if (!arms.has(arm))
      throw Problem.invalid(`/statistics/${index}/arm`, 'unknown_arm', `"${arm}" is not one of the arms`);
    if (!metrics.has(metric))
      throw Problem.invalid(
        `/statistics/${index}/metric`,
        'unknown_metric',
        `"${metric}" is not one of the metrics`,
      );
    units.set(arm, Math.max(units.get(arm) ?? 0, moments.n));
    // Without a count of non-zero values the estimators' warm-up can only go by the number of units.
    return { metric, arm, moments: { ...moments, nonZero: moments.nonZero ?? moments.n } };
  });
  return { cells, units, crossover: 0 };
}
