import { combinePeriods } from './adaptive/combine-periods.js';
import type { Effect, MetricDefinition, Moments } from './contract.js';
import { isRatio } from './kinds.js';
import { EMPTY_MOMENTS, merge } from './moments.js';
import { percent } from './prose.js';
import type { ReportCell, ReportResult } from './report.contract.js';

/** Moments of one metric: of every arm over all periods, and apart by period where the allocation changed. */
interface MetricCells {
  readonly whole: Map<string, Moments>;
  readonly periods: Map<number, Map<string, Moments>>;
  /** Some of its units are not told apart. */
  together: boolean;
}

export type CellIndex = ReadonlyMap<string, MetricCells>;

/** The moments that one comparison is made of. */
export interface ComparedMoments {
  readonly control: Moments;
  readonly treatment: Moments;
  /** null: all units were allocated alike, or nobody told them apart. */
  readonly apart: {
    readonly pooled: { readonly control: Moments; readonly treatment: Moments };
    readonly periods: readonly {
      readonly period: number;
      readonly share: number;
      readonly control: Moments;
      readonly treatment: Moments;
    }[];
    readonly leftOut: number;
    /** No period has enough units in both arms. */
    readonly none: boolean;
  } | null;
}

function add(arms: Map<string, Moments>, { arm, moments }: ReportCell): void {
  arms.set(arm, merge(arms.get(arm) ?? EMPTY_MOMENTS, moments));
}

export function indexCells(cells: readonly ReportCell[]): CellIndex {
  const index = new Map<string, MetricCells>();
  for (const cell of cells) {
    const metric = index.get(cell.metric) ?? { whole: new Map(), periods: new Map(), together: false };
    index.set(cell.metric, metric);
    add(metric.whole, cell);
    if (cell.period === undefined) {
      metric.together ||= cell.moments.n > 0;
      continue;
    }
    const arms = metric.periods.get(cell.period) ?? new Map<string, Moments>();
    metric.periods.set(cell.period, arms);
    add(arms, cell);
  }
  return index;
}

/** Whether all units of a metric that count so far entered under one allocation: then there is nothing to combine. */
export function isOfOnePeriod(cells: CellIndex, metric: string): boolean {
  const known = cells.get(metric);
  return known !== undefined && !known.together && known.periods.size === 1;
}

/** The moments to compare: of all units, or period by period where there are several and the estimator allows it. */
export function comparedMoments(
  cells: CellIndex,
  metric: string,
  [baseline, arm]: readonly [string, string],
  combines: boolean,
): ComparedMoments {
  const known = cells.get(metric);
  const of = (arms: Map<string, Moments> | undefined, key: string): Moments =>
    arms?.get(key) ?? EMPTY_MOMENTS;
  const pooled = { control: of(known?.whole, baseline), treatment: of(known?.whole, arm) };
  if (!combines || !known || known.periods.size < 2) return { ...pooled, apart: null };
  const pairs = [...known.periods]
    .sort(([a], [b]) => a - b)
    .map(([period, arms]) => ({
      period,
      control: of(arms, baseline),
      treatment: of(arms, arm),
      units: [...arms.values()].reduce((sum, { n }) => sum + n, 0),
    }));
  const combined = combinePeriods(pairs);
  const { control, treatment } = combined ?? { control: EMPTY_MOMENTS, treatment: EMPTY_MOMENTS };
  const periods = pairs.map(({ units: _units, ...pair }, i) => ({
    ...pair,
    share: combined?.shares[i] ?? 0,
  }));
  const all = pairs.reduce((sum, { units }) => sum + units, 0);
  return {
    control,
    treatment,
    apart: { pooled, periods, leftOut: combined?.leftOut ?? all, none: combined === null },
  };
}

type Compare = (control: Moments, treatment: Moments) => Effect;

/** The effect, and where it is combined from periods: each of them, and what all units together would have given. */
export function effectOverPeriods(
  { control, treatment, apart }: ComparedMoments,
  compare: Compare,
): Pick<ReportResult, 'effect' | 'periods'> {
  const effect = compare(control, treatment);
  if (!apart) return { effect, periods: null };
  const pooled = compare(apart.pooled.control, apart.pooled.treatment);
  return {
    effect: apart.none
      ? { ...effect, control: pooled.control, treatment: pooled.treatment, reason: 'no_common_period' }
      : effect,
    periods: {
      pooled,
      leftOut: apart.leftOut,
      each: apart.periods.map(({ period, share, ...pair }) => ({
        period,
        share,
        effect: compare(pair.control, pair.treatment),
      })),
    },
  };
}

/** How the combined means came about, for the formula of a result. */
export function periodFormula({ apart }: ComparedMoments): string[] {
  if (!apart || apart.none) return [];
  const weights = apart.periods
    .filter(({ share }) => share > 0)
    .map(({ period, share }) => `${percent(share, 2)} of allocation ${period}`);
  return [
    `mean of an arm = sum of its means under each allocation, weighted by the allocation's share of all units: ${weights.join(', ')}`,
  ];
}

/** A weighted share counts no whole units, so it is written out as a mean. */
export const shownKind = (
  { apart }: ComparedMoments,
  kind: MetricDefinition['kind'],
): MetricDefinition['kind'] => (apart && !isRatio(kind) ? 'mean' : kind);
