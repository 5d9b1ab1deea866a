import { EMPTY_MOMENTS, merge } from '#metrics';
import type { MetricDefinition, Moments } from '#metrics';
import type { Sql } from '../persistence/database.js';
import { dayOf, experimentWatchedUntil, lastMatureDay } from './maturity.js';
import { momentsOf } from './moments-sql.js';
import type { MomentsRow } from './moments-sql.js';
import { clusterMoments, clustersOf } from './cluster-moments.js';
import { unitLevelMoments } from './unit-level.js';

/** Mature moments of an experiment so far, per metric and arm; of clusters where units were assigned by cluster. */
export async function matureMoments(
  sql: Sql,
  experiment: string,
  metrics: readonly MetricDefinition[],
  asOf: Date,
): Promise<Map<string, Map<string, Moments>>> {
  const until = await experimentWatchedUntil(sql, experiment, asOf);
  const clusters = await clustersOf(sql, experiment);
  if (clusters) {
    const { field } = clusters;
    const byMetric = new Map<string, Map<string, Moments>>();
    for (const { metric, arm, moments } of await clusterMoments(sql, { experiment, field, metrics, until }))
      byMetric.set(metric, (byMetric.get(metric) ?? new Map<string, Moments>()).set(arm, moments));
    return byMetric;
  }
  const result = await unitMoments(sql, experiment, metrics, until);
  for (const [metric, arms] of await unitLevelMoments(sql, metrics, { experiment, asOf: until }))
    result.set(metric, arms);
  return result;
}

/**
 * Mature moments of units, per metric and arm, of the metrics whose moments can be merged.
 * @param until how long the units have been watched, see `watchedUntil`.
 */
export async function unitMoments(
  sql: Sql,
  experiment: string,
  metrics: readonly MetricDefinition[],
  until: Date,
): Promise<Map<string, Map<string, Moments>>> {
  const rows = await sql.query<MomentsRow & { metric: string; arm: string; entered_on: string }>(
    `select n, mean_y, mean_d, mean_x, yy, dd, xx, yd, yx, dx, non_zero, metric, arm, m.entered_on::text as entered_on
       from moments_cohort m where experiment = $1 order by metric, arm, m.entered_on`,
    [experiment],
  );
  const last = new Map(metrics.map((metric) => [metric.key, lastMatureDay(metric, until)]));
  const result = new Map<string, Map<string, Moments>>();
  for (const row of rows) {
    const limit = last.get(row.metric);
    if (limit === undefined || row.entered_on > limit) continue;
    const arms = result.get(row.metric) ?? new Map<string, Moments>();
    arms.set(row.arm, merge(arms.get(row.arm) ?? EMPTY_MOMENTS, momentsOf(row)));
    result.set(row.metric, arms);
  }
  return result;
}

/** Keeps today's cumulative moments, so that the curve of an effect shows what was known on each day. */
export async function storeDailyMoments(
  sql: Sql,
  experiment: string,
  metrics: readonly MetricDefinition[],
  now: Date,
): Promise<void> {
  const moments = await matureMoments(sql, experiment, metrics, now);
  const rows = [...moments].flatMap(([metric, arms]) =>
    [...arms].map(([arm, value]) => ({ metric, arm, ...value })),
  );
  if (rows.length === 0) return;
  await sql.query(
    `insert into moments_daily (experiment, metric, arm, day, n, mean, comoment, non_zero)
     select $1, r.metric, r.arm, $2::date, r.n, r.mean, r.comoment, r."nonZero"
       from jsonb_to_recordset($3::jsonb) as r
            (metric text, arm text, n bigint, mean double precision[], comoment double precision[], "nonZero" bigint)
     on conflict (experiment, metric, arm, day) do update
       set n = excluded.n, mean = excluded.mean, comoment = excluded.comoment, non_zero = excluded.non_zero`,
    [experiment, dayOf(now), JSON.stringify(rows)],
  );
}
