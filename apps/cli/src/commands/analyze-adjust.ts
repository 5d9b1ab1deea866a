import {
  DEFAULT_ESTIMATOR,
  EMPTY_MOMENTS,
  adjustmentsSideBySide,
  covariateMoments,
  estimatorRegistry,
  fromValues,
  linContrast,
  linSums,
  planLin,
} from '#metrics';
import type { AdjustedResult, AdjustmentKey, Computed, Contrast, Moments, Stratum } from '#metrics';
import { AnalysisInputError } from './analyze-table.js';
import type { AnalysisTable, MetricColumn, TableArm } from './analyze-table.js';

const WAYS = ['cuped', 'regression', 'post-stratified'] as const;

interface Wanted {
  readonly adjust?: string;
  readonly stratify?: string;
  readonly covariates?: readonly string[];
  readonly features?: readonly string[];
}

/**
 * Which way of adjusting a request asks for, other than CUPED by one covariate; null: that, or none.
 * @throws AnalysisInputError for an unknown way, or one without the columns that it needs.
 */
export function wayOf({ adjust, stratify, covariates = [], features = [] }: Wanted): AdjustmentKey | null {
  const way = adjust ?? (stratify === undefined ? 'cuped' : 'post-stratified');
  const fault = faultOf(way, { stratify, covariates, features, given: adjust !== undefined });
  if (fault !== null) throw new AnalysisInputError(fault);
  if (way === 'post-stratified') return covariates.length === 0 ? 'post-stratified' : 'post-stratified-cuped';
  if (way === 'regression') return 'regression';
  return covariates.length > 1 ? 'cuped-multi' : null;
}

/** Why a way cannot be used with the columns given, in one sentence. */
function faultOf(
  way: string,
  columns: {
    readonly stratify: string | undefined;
    readonly covariates: readonly string[];
    readonly features: readonly string[];
    /** Whether it was asked for by name. */
    readonly given: boolean;
  },
): string | null {
  const { stratify, covariates, features, given } = columns;
  if (!WAYS.some((known) => known === way)) return `--adjust ${way}: expected ${WAYS.join(', ')}`;
  if (way !== 'cuped' && features.length > 0)
    return '--feature goes with CUPED only; give --covariate for other ways of adjusting';
  if (way === 'post-stratified')
    return stratify === undefined ? '--adjust post-stratified needs --stratify COLUMN' : null;
  if (stratify !== undefined) return '--stratify goes with --adjust post-stratified only';
  return given && covariates.length + features.length === 0
    ? `--adjust ${way} needs --covariate COLUMN at least once`
    : null;
}

export interface AdjustmentRequest {
  readonly way: AdjustmentKey;
  readonly control: string;
  readonly covariates: readonly string[];
  readonly estimator?: string;
  readonly alpha?: number;
}

/** One metric of one arm adjusted in the way asked for, from the units in memory. */
export function adjustedResult(
  table: AnalysisTable,
  column: MetricColumn,
  arm: string,
  request: AdjustmentRequest,
): AdjustedResult {
  const { way, covariates, estimator = DEFAULT_ESTIMATOR, alpha = 0.05 } = request;
  const armOf = (key: string): TableArm => table.arms.find((one) => one.key === key) as TableArm;
  const [control, treatment] = [armOf(request.control), armOf(arm)];
  const several = way === 'cuped-multi' || way === 'regression';
  const data = (of: TableArm): [Float64Array, Float64Array[]] => [
    of.values(column.numerator),
    covariates.map((name) => of.values(name)),
  ];
  const moments = (of: TableArm): Moments => of.moments.get(column.key) ?? EMPTY_MOMENTS;
  const results = adjustmentsSideBySide({
    estimator: estimatorRegistry.get(estimator),
    options: { alpha, adjust: true, kind: column.kind },
    control: moments(control),
    treatment: moments(treatment),
    covariates: several
      ? { control: covariateMoments(...data(control)), treatment: covariateMoments(...data(treatment)) }
      : null,
    regression: way === 'regression' ? regressionOf(data(control), data(treatment)) : null,
    strata: strataOf(control, treatment, column, covariates[0] ?? null),
  });
  return results.find((one) => one.way === way) as AdjustedResult;
}

type Data = readonly [y: Float64Array, covariates: readonly Float64Array[]];

function regressionOf(control: Data, treatment: Data): Computed<Contrast> {
  const plan = planLin(covariateMoments(...control), covariateMoments(...treatment));
  if (!plan.ok) return plan;
  const sums = {
    control: linSums(plan.value.control, ...control),
    treatment: linSums(plan.value.treatment, ...treatment),
  };
  return linContrast(plan.value, sums, 'hc2');
}

function strataOf(
  control: TableArm,
  treatment: TableArm,
  column: MetricColumn,
  covariate: string | null,
): Stratum[] {
  const of = (arm: TableArm): Map<string, Moments> => {
    const units = new Map<string, number[]>();
    arm.strata.forEach((name, unit) => {
      const own = units.get(name);
      if (own) own.push(unit);
      else units.set(name, [unit]);
    });
    const values = (name: string | null): Float64Array | undefined =>
      name === null ? undefined : arm.values(name);
    const [y, d, x] = [values(column.numerator), values(column.denominator), values(covariate)];
    return new Map(
      [...units].map(([name, members]) => {
        const pick = (from: Float64Array | undefined): Float64Array | undefined =>
          from && Float64Array.from(members, (unit) => from[unit] as number);
        return [name, fromValues(pick(y) ?? [], pick(d), pick(x))];
      }),
    );
  };
  const [a, b] = [of(control), of(treatment)];
  return [...new Set([...a.keys(), ...b.keys()])].map((name) => ({
    control: a.get(name) ?? EMPTY_MOMENTS,
    treatment: b.get(name) ?? EMPTY_MOMENTS,
  }));
}
