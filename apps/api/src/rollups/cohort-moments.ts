import type { MetricDefinition } from '#metrics';
import type { Transaction } from '../persistence/database.js';
import { ownParts } from './metric-sql.js';
import type { Slots } from './slots.js';

/** Moments by entry day and arm, of the metrics that have a place. */
interface Cohorts {
  readonly experiment: string;
  readonly metrics: readonly MetricDefinition[];
  readonly slots: Slots;
}

/**
 * Replaces the moments of an experiment's cohorts in dirty_cohort: one scan for all metrics. PostgreSQL keeps the regr_*
 * aggregates in Youngs-Cramer form, which is as stable as Welford's; regr_sxx(a, b) is the sum of squared deviations
 * of b. What is constant by the metric's definition is not aggregated.
 */
export async function recomputeCohorts(
  tx: Transaction,
  { experiment, metrics, slots }: Cohorts,
): Promise<void> {
  await tx.query(
    `delete from moments_cohort m using (select distinct * from dirty_cohort where experiment = $1) d
      where m.experiment = d.experiment and m.entered_on = d.entered_on`,
    [experiment],
  );
  if (metrics.length === 0) return;
  const columns = metrics.map((metric, i) => momentsColumns(metric, slots.get(metric.key) as number, i));
  const rows = metrics.map(
    (_, i) =>
      `($${i + 3}::text, n${i}, my${i}, md${i}, mx${i}, yy${i}, dd${i}, xx${i}, yd${i}, yx${i}, dx${i}, nz${i})`,
  );
  const [days] = await tx.query<{ list: string[] }>(
    `select coalesce(array_agg(distinct entered_on::text), '{}') as list from dirty_cohort where experiment = $1`,
    [experiment],
  );
  await tx.query(
    `insert into moments_cohort (experiment, metric, arm, entered_on, n, mean_y, mean_d, mean_x, yy, dd, xx, yd, yx, dx, non_zero)
     select $1, m.metric, a.arm, a.entered_on, m.n, m.my, m.md, m.mx, m.yy, m.dd, m.xx, m.yd, m.yx, m.dx, m.nz
       from (select u.arm, u.entered_on, ${columns.join(', ')}
               from experiment_unit u join unit_values v on v.experiment = u.experiment and v.unit_id = u.unit_id
              where u.experiment = $1 and u.entered_on = any($2::date[]) and not u.crossover
              group by u.arm, u.entered_on) a
      cross join lateral (values ${rows.join(', ')})
         as m (metric, n, my, md, mx, yy, dd, xx, yd, yx, dx, nz)
      where m.n > 0`,
    [experiment, days?.list ?? [], ...metrics.map(({ key }) => key)],
  );
}

function momentsColumns(metric: MetricDefinition, slot: number, i: number): string {
  const at = (part: number): string => `v.measures[${3 * slot - 2 + part}]`;
  const [y, d, x] = [at(0), at(1), at(2)];
  const { d: hasD, x: hasX } = ownParts(metric);
  const pair = (a: string, b: string, has: boolean): string => (has ? `regr_sxy(${a}, ${b})` : '0');
  return `count(${y}) as n${i}, avg(${y}) as my${i}, ${hasD ? `avg(${d})` : '1'} as md${i},
    ${hasX ? `avg(${x})` : '0'} as mx${i}, regr_sxx(${y}, ${y}) as yy${i}, ${hasD ? `regr_sxx(${d}, ${d})` : '0'} as dd${i},
    ${hasX ? `regr_sxx(${x}, ${x})` : '0'} as xx${i}, ${pair(y, d, hasD)} as yd${i}, ${pair(y, x, hasX)} as yx${i},
    ${pair(d, x, hasD && hasX)} as dx${i}, count(*) filter (where ${y} <> 0) as nz${i}`;
}
