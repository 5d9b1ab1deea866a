import { buildReport, sampleRatio, pValueOf } from '#metrics';
import type { AdjustmentKey, Effect, MetricDefinition, ReportBody, ReportResult } from '#metrics';
import { adjustedResult } from './analyze-adjust.js';
import { AnalysisInputError } from './analyze-table.js';
import type { AnalysisTable, MetricColumn } from './analyze-table.js';

export interface AnalysisOptions {
  readonly control: string;
  readonly estimator?: string;
  readonly alpha?: number;
  readonly adjust: boolean;
  /** Another way of adjusting than CUPED; its result stands after the plain one. */
  readonly way?: AdjustmentKey;
  readonly covariates: readonly string[];
  /** Planned weight by arm; arms without one have weight 1 when none is given at all. */
  readonly expectedShares: ReadonlyMap<string, number>;
}

interface Bounds {
  readonly estimate: number | null;
  readonly lower: number | null;
  readonly upper: number | null;
}

export interface AnalysisRow {
  readonly metric: string;
  readonly arm: string;
  readonly control: { readonly n: number; readonly mean: number | null };
  readonly treatment: { readonly n: number; readonly mean: number | null };
  readonly difference: Bounds;
  readonly lift: Bounds;
  readonly pValue: number | null;
  readonly estimator: string;
  readonly level: number;
  readonly adjusted: boolean;
  /** How; null: not adjusted. */
  readonly adjustment: AdjustmentKey | 'cupac' | null;
  /** Share of the unadjusted variance that the adjustment takes away; null: not adjusted, or not computed. */
  readonly varianceReduction: number | null;
  /** Why there is no result; null: there is. */
  readonly reason: string | null;
}

/** The document that `analyze --json` prints. */
export interface AnalysisDocument {
  readonly health: {
    readonly sampleRatio: {
      readonly counts: Readonly<Record<string, number>>;
      readonly pValue: number | null;
    };
    readonly crossoverUnits: number;
    readonly repeatedRows: number;
  };
  readonly results: readonly AnalysisRow[];
}

export interface Analysis {
  readonly document: AnalysisDocument;
  readonly report: ReportBody;
}

/** A column of a file as a metric; higher is taken to be better since the file cannot say. */
function definitionOf(column: MetricColumn): MetricDefinition {
  return {
    key: column.key,
    title: column.key,
    description: `Column ${column.key} of the file.`,
    measuredIn: column.kind === 'proportion' ? 'share' : 'count',
    betterWhen: 'higher',
    family: 'engagement',
    kind: column.kind,
    numerator: { fold: column.kind === 'proportion' ? 'any' : 'sum', events: [], scope: 'unit' },
    ...(column.denominator === null ? {} : { denominator: { fold: 'sum', events: [], scope: 'unit' } }),
    maturityDays: 0,
  };
}

function weightOf(arm: string, shares: ReadonlyMap<string, number>): number {
  return shares.size === 0 ? 1 : (shares.get(arm) ?? 0);
}

/**
 * The report of an experiment that ran elsewhere, by the same engine as the dashboard's.
 * @throws AnalysisInputError when the control arm, or any other arm, is missing.
 */
export function analyseTable(
  table: AnalysisTable,
  metrics: readonly MetricColumn[],
  options: AnalysisOptions,
): Analysis {
  const keys = table.arms.map((arm) => arm.key);
  if (!keys.includes(options.control)) {
    throw new AnalysisInputError(`there is no arm "${options.control}"; the arms are ${keys.join(', ')}`);
  }
  if (keys.length < 2)
    throw new AnalysisInputError(`there is only one arm, "${options.control}"; nothing to compare`);
  const unknown = [...options.expectedShares.keys()].find((arm) => !keys.includes(arm));
  if (unknown !== undefined)
    throw new AnalysisInputError(
      `--expected-share: there is no arm "${unknown}"; the arms are ${keys.join(', ')}`,
    );
  const arms = table.arms.map((arm) => ({
    key: arm.key,
    units: arm.units,
    weight: weightOf(arm.key, options.expectedShares),
    isControl: arm.key === options.control,
  }));
  const report = buildReport({
    arms,
    metrics: metrics.map((column, i) => ({
      definition: definitionOf(column),
      role: i === 0 ? 'decision' : 'secondary',
    })),
    cells: table.arms.flatMap((arm) =>
      [...arm.moments].map(([metric, moments]) => ({ metric, arm: arm.key, moments })),
    ),
    facts: { arms, totalUnits: table.totalUnits, crossoverUnits: table.crossoverUnits, daysRunning: null },
    options: {
      adjust: options.adjust,
      ...(options.estimator === undefined ? {} : { estimator: options.estimator }),
      ...(options.alpha === undefined ? {} : { alpha: options.alpha }),
    },
  });
  const ratio = sampleRatio(
    arms.map((arm) => arm.units),
    arms.map((arm) => arm.weight),
  );
  const counts = Object.fromEntries(arms.map((arm) => [arm.key, arm.units]));
  return {
    report,
    document: {
      health: {
        sampleRatio: { counts, pValue: ratio?.pValue ?? null },
        crossoverUnits: table.crossoverUnits,
        repeatedRows: table.repeatedRows,
      },
      results: report.results.flatMap((result) => [
        ...rowsOf(result, report.options.level, options),
        ...otherWay(table, metrics, result, options),
      ]),
    },
  };
}

/** The plain comparison, and after it the adjusted one where there is one. */
function rowsOf(result: ReportResult, level: number, { covariates }: AnalysisOptions): AnalysisRow[] {
  const how = covariates.length > 0 ? 'cuped' : 'cupac';
  if (!result.unadjusted) return [rowOf(result, result.effect, level, result.effect.adjusted ? how : null)];
  return [
    rowOf(result, result.unadjusted, level, null),
    {
      ...rowOf(result, result.effect, level, how),
      varianceReduction: reduction(result.unadjusted, result.effect),
    },
  ];
}

function reduction(plain: Effect, adjusted: Effect): number | null {
  if (plain.standardError === null || adjusted.standardError === null || plain.standardError === 0)
    return null;
  return 1 - (adjusted.standardError / plain.standardError) ** 2;
}

function otherWay(
  table: AnalysisTable,
  metrics: readonly MetricColumn[],
  result: ReportResult,
  options: AnalysisOptions,
): AnalysisRow[] {
  const { way } = options;
  const column = metrics.find(({ key }) => key === result.metric);
  if (way === undefined || !column) return [];
  const { effect, varianceReduction } = adjustedResult(table, column, result.arm, { ...options, way });
  const level = 1 - (options.alpha ?? 0.05);
  return [{ ...rowOf(result, effect, level, way), adjusted: true, varianceReduction }];
}

function rowOf(
  result: ReportResult,
  effect: Effect,
  level: number,
  adjustment: AnalysisRow['adjustment'],
): AnalysisRow {
  const bounds = (estimate: number | null, interval: Effect['interval']): Bounds => ({
    estimate,
    lower: interval?.lower ?? null,
    upper: interval?.upper ?? null,
  });
  return {
    metric: result.metric,
    arm: result.arm,
    control: effect.control,
    treatment: effect.treatment,
    difference: bounds(effect.estimate, effect.interval),
    lift: bounds(effect.relative.estimate, effect.relative.interval),
    pValue: pValueOf(effect),
    estimator: effect.estimator,
    level: effect.interval?.level ?? level,
    adjusted: effect.adjusted,
    adjustment,
    varianceReduction: null,
    reason: effect.status === 'ok' ? null : effect.reason,
  };
}
