import type { MetricDefinition } from '#metrics';
import type { Transaction } from '../persistence/database.js';
import { ownParts } from './metric-sql.js';
import { MOMENTS, measuresAt, momentsSql } from './moments-sql.js';
import type { Slots } from './slots.js';

/** Moments by entry day and arm, of the metrics that have a place. */
interface Cohorts {
  readonly experiment: string;
  readonly metrics: readonly MetricDefinition[];
  readonly slots: Slots;
}

/**
 * Replaces the moments of an experiment's cohorts in dirty_cohort: one scan for all metrics.
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
  const rows = metrics.map((_, i) => `($${i + 2}::text, ${MOMENTS.map((name) => name + i).join(', ')})`);
  const names = MOMENTS.join(', ');
  const [days] = await tx.query<{ list: string[] }>(
    `select coalesce(array_agg(distinct entered_on::text), '{}') as list from dirty_cohort where experiment = $1`,
    [experiment],
  );
  // In two steps, since PostgreSQL reads with several processes for a new table, but not for an insert.
  await tx.query(
    `create temp table fresh_moments on commit drop as
     select u.arm, u.entered_on, ${columns.join(', ')}
       from experiment_unit u join unit_values v on v.experiment = u.experiment and v.unit_id = u.unit_id
      where u.experiment = $1 and u.entered_on = any($2::date[]) and u.left_out is null
      group by u.arm, u.entered_on`,
    [experiment, days?.list ?? []],
  );
  await tx.query(
    `insert into moments_cohort (experiment, metric, arm, entered_on, ${names})
     select $1, m.metric, a.arm, a.entered_on, ${names}
       from fresh_moments a cross join lateral (values ${rows.join(', ')}) as m (metric, ${names})
      where m.n > 0`,
    [experiment, ...metrics.map(({ key }) => key)],
  );
  await tx.query('drop table fresh_moments');
}

/** The columns of one metric's moments, with its number behind each name. */
function momentsColumns(metric: MetricDefinition, slot: number, i: number): string {
  return momentsSql(measuresAt(slot), ownParts(metric))
    .map((aggregate, k) => `${aggregate} as ${MOMENTS[k] as string}${i}`)
    .join(', ');
}
