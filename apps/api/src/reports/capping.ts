import { DEFAULT_ESTIMATOR, EMPTY_MOMENTS, estimatorRegistry } from '#metrics';
import type { Effect, MetricCap, MetricDefinition, Moments } from '#metrics';
import type { Database, Sql } from '../persistence/database.js';
import { matureMoments } from '../rollups/daily-moments.js';
import { experimentWatchedUntil, lastMatureDay } from '../rollups/maturity.js';
import { MOMENTS, measuresAt, momentsOf, momentsSql } from '../rollups/moments-sql.js';
import type { MomentsRow } from '../rollups/moments-sql.js';
import { quantileCaps } from '../rollups/unit-level.js';
import { unitNumbersSql } from '../rollups/unit-values.js';
import { baselineOf } from './baseline.js';
import { requireOwnAssignment } from './clustered.js';
import { optionsOf } from './lift-reports.js';
import { metricOf } from './metric-of.js';
import type { CappingQueryBody } from './metric-reports.schemas.js';
import { seriesOptions } from './report-settings.js';
import type { ReportedExperiment } from './report-store.js';

export interface CappingReport {
  readonly experiment: string;
  readonly metric: string;
  readonly title: string;
  readonly measuredIn: MetricDefinition['measuredIn'];
  readonly betterWhen: MetricDefinition['betterWhen'];
  readonly asOf: string;
  readonly baseline: string;
  readonly estimator: string;
  /** null: the metric is not capped, and there is nothing to compare. */
  readonly cap: MetricCap | null;
  /** The value at which units are capped now; null: no unit has a value. */
  readonly capAt: number | null;
  readonly arms: readonly {
    readonly arm: string;
    readonly capped: Effect;
    readonly uncapped: Effect;
  }[];
}

/**
 * The result of a capped metric beside what it would be without its cap. A cap at a quantile is applied to stored numbers,
 * so the uncapped ones are there. A fixed cap is applied before numbers are stored: the events of the units that reach it,
 * and of no others, are read again.
 * @throws Problem 400 for an unknown metric or baseline.
 */
export async function cappingReport(
  db: Database,
  experiment: ReportedExperiment,
  query: CappingQueryBody,
  now: Date,
): Promise<CappingReport> {
  const metric = metricOf(experiment, query.metric);
  requireOwnAssignment(experiment, 'the comparison without the cap');
  const baseline = baselineOf(experiment, query.baseline);
  const estimator = estimatorRegistry.get(query.estimator ?? DEFAULT_ESTIMATOR);
  const options = optionsOf(query, experiment);
  const { cap, ...plain } = metric;
  const head = {
    experiment: experiment.key,
    metric: metric.key,
    title: metric.title,
    measuredIn: metric.measuredIn,
    betterWhen: metric.betterWhen,
    asOf: now.toISOString(),
    baseline,
    estimator: estimator.key,
  };
  if (cap === undefined) return { ...head, cap: null, capAt: null, arms: [] };
  const until = await experimentWatchedUntil(db, experiment.key, now);
  const [capped, uncapped, capAt] = await Promise.all([
    matureMoments(db, experiment.key, [metric], now).then((all) => all.get(metric.key)),
    'quantile' in cap
      ? matureMoments(db, experiment.key, [plain], now).then((all) => all.get(metric.key))
      : uncappedMoments(db, experiment, { metric, plain, atMost: cap.atMost }, until),
    'quantile' in cap
      ? quantileCaps(db, metric, { experiment: experiment.key, asOf: until }).then(({ y }) => y)
      : cap.atMost,
  ]);
  const effect = (moments: ReadonlyMap<string, Moments> | undefined, arm: string): Effect =>
    estimator.compare(
      moments?.get(baseline) ?? EMPTY_MOMENTS,
      moments?.get(arm) ?? EMPTY_MOMENTS,
      seriesOptions(options, metric, experiment.arms, [baseline, arm]),
    );
  return {
    ...head,
    cap,
    capAt,
    arms: experiment.arms
      .filter(({ key }) => key !== baseline)
      .map(({ key: arm }) => ({ arm, capped: effect(capped, arm), uncapped: effect(uncapped, arm) })),
  };
}

/** Moments without a fixed cap: stored numbers of units below it, and those at it computed anew from their events. */
async function uncappedMoments(
  sql: Sql,
  experiment: ReportedExperiment,
  of: { readonly metric: MetricDefinition; readonly plain: MetricDefinition; readonly atMost: number },
  until: Date,
): Promise<Map<string, Moments>> {
  const [row] = await sql.query<{ slot: number }>(
    'select slot from metric_slot where experiment = $1 and metric = $2 and definition is not null',
    [experiment.key, of.metric.key],
  );
  if (!row) return new Map();
  const slot = Number(row.slot);
  const [y, d, x] = measuresAt(slot);
  const cap = `${Number(of.atMost)}::float8`;
  const { text, values } = await unitNumbersSql(
    sql,
    {
      experiment: experiment.key,
      metrics: [of.plain],
      slots: new Map([[of.plain.key, slot]]),
      stoppedAt: experiment.stoppedAt,
    },
    {
      from: `experiment_unit join unit_values v using (experiment, unit_id)
              where experiment = $1 and left_out is null and (${y} >= ${cap} or ${x} >= ${cap})`,
      all: false,
    },
  );
  const anew = measuresAt(slot).map((column) => column.replace('v.', 'f.'));
  const columns = [y, d, x].map((column, i) => `coalesce(${anew[i] as string}, ${column})`);
  const moments = momentsSql(columns as [string, string, string]).map(
    (aggregate, i) => `${aggregate} as ${MOMENTS[i] as string}`,
  );
  const rows = await sql.query<MomentsRow & { arm: string }>(
    `with f as materialized (${text})
     select u.arm, ${moments.join(', ')}
       from experiment_unit u join unit_values v on v.experiment = u.experiment and v.unit_id = u.unit_id
       left join f on f.unit_id = u.unit_id
      where u.experiment = $1 and u.left_out is null and ${y} is not null
        and u.entered_on <= ${values.add(lastMatureDay(of.metric, until))}::date group by u.arm`,
    values.list,
  );
  return new Map(rows.map((one) => [one.arm, momentsOf(one)]));
}
