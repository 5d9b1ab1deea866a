import { needsUnits } from '#metrics';
import type { MetricDefinition, ReportCell } from '#metrics';
import type { Sql } from '../persistence/database.js';
import { clusterMoments, clustersOf } from '../rollups/cluster-moments.js';
import { experimentWatchedUntil, lastMatureDay } from '../rollups/maturity.js';
import { MOMENTS_OF_UNITS, momentsOf } from '../rollups/moments-sql.js';
import type { MomentsRow } from '../rollups/moments-sql.js';
import type { Population, Segment } from './report-store.js';

/** Shares that differ by less are the same allocation. */
const SAME = 1e-6;

/** Numbers of the allocations in which units entered, from 1 on, by phase; phases of equal shares are one allocation. */
export function allocationsByPhase({ phases }: Pick<Population, 'phases'>): Map<number, number> {
  const known: Record<string, number>[] = [];
  const found = new Map<number, number>();
  for (const { phase, units, weights } of phases) {
    const total = Object.values(weights).reduce((sum, weight) => sum + weight, 0);
    if (units === 0 || !(total > 0)) continue;
    const shares = Object.fromEntries(Object.entries(weights).map(([arm, weight]) => [arm, weight / total]));
    const same = known.findIndex((other) => isSame(shares, other));
    found.set(phase, (same >= 0 ? same : known.push(shares) - 1) + 1);
  }
  return found;
}

function isSame(a: Readonly<Record<string, number>>, b: Readonly<Record<string, number>>): boolean {
  const arms = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...arms].every((arm) => Math.abs((a[arm] ?? 0) - (b[arm] ?? 0)) < SAME);
}

interface PeriodQuestion {
  readonly experiment: string;
  readonly metrics: readonly MetricDefinition[];
  readonly population: Population;
  readonly asOf: Date;
  readonly segment: Segment | null;
  /** Also the units that rules leave out. */
  readonly everybody: boolean;
}

/**
 * Cells of mature units apart by the allocation under which they entered, for experiments whose weights changed; null where
 * they did not. One pass over the units, as days hold several phases. Metrics that need their units' numbers at once
 * (quantiles, times to an event, caps at a quantile) have no moments that could be taken apart and are left out. Clusters
 * count where their first unit entered.
 */
export async function periodCells(
  sql: Sql,
  { experiment, metrics, population, asOf, segment, everybody }: PeriodQuestion,
): Promise<readonly ReportCell[] | null> {
  const allocations = allocationsByPhase(population);
  if (new Set(allocations.values()).size < 2) return null;
  const until = await experimentWatchedUntil(sql, experiment, asOf);
  const clusters = await clustersOf(sql, experiment);
  if (clusters) {
    const { field } = clusters;
    const cells = await clusterMoments(sql, {
      experiment,
      field,
      metrics,
      until,
      segment,
      everybody,
      byPhase: true,
    });
    return cells.flatMap(({ phase, ...cell }) => {
      const period = allocations.get(phase);
      return period === undefined ? [] : [{ ...cell, period }];
    });
  }
  const plain = metrics.filter((metric) => !needsUnits(metric));
  const rows = await sql.query<MomentsRow & { metric: string; arm: string; phase: number }>(
    `select m.metric, m.arm, coalesce(u.phase, 0) as phase, ${MOMENTS_OF_UNITS}
       from unit_metric m
       join experiment_unit u on u.experiment = m.experiment and u.unit_id = m.unit_id
          and (u.left_out is null or $6::boolean)
       join unnest($2::text[], $3::date[]) as mature (metric, last_day) on mature.metric = m.metric
      where m.experiment = $1 and m.entered_on <= mature.last_day and ($4::text is null or u.attributes ->> $4 = $5)
      group by m.metric, m.arm, u.phase`,
    [
      experiment,
      plain.map(({ key }) => key),
      plain.map((metric) => lastMatureDay(metric, until)),
      segment?.attribute ?? null,
      segment?.value ?? null,
      everybody,
    ],
  );
  return rows.flatMap((row) => {
    const period = allocations.get(row.phase);
    return period === undefined
      ? []
      : [{ metric: row.metric, arm: row.arm, period, moments: momentsOf(row) }];
  });
}

/** Cells with those of some metrics replaced by their parts. */
export function withPeriods(
  cells: readonly ReportCell[],
  parts: readonly ReportCell[] | null,
): readonly ReportCell[] {
  const replaced = new Set(parts?.map(({ metric }) => metric));
  return [...cells.filter(({ metric }) => !replaced.has(metric)), ...(parts ?? [])];
}
