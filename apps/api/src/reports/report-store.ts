import { Inject, Injectable } from '@nestjs/common';
import type { Arm } from '#experiments';
import type { ExcludableState, MetricDefinition, Moments, ReportCell } from '#metrics';
import { Database } from '../persistence/database.js';
import { Problem } from '../http/problem.js';
import { loadMetricCatalogue } from '../persistence/metric-catalogue.js';
import type { MetricCatalogue, PinnedVersions } from '../persistence/metric-catalogue.js';
import { clusterMoments, clustersOf } from '../rollups/cluster-moments.js';
import type { Clusters } from '../rollups/cluster-moments.js';
import { matureMoments } from '../rollups/daily-moments.js';
import { experimentWatchedUntil, lastMatureDay } from '../rollups/maturity.js';
import { MOMENTS_OF_UNITS, momentsOf } from '../rollups/moments-sql.js';
import type { MomentsRow } from '../rollups/moments-sql.js';
import { unitLevelMoments } from '../rollups/unit-level.js';
import { periodCells } from './period-cells.js';
import { readPopulation } from './population.js';

export interface ReportedExperiment {
  readonly key: string;
  readonly title: string;
  readonly status: string;
  readonly arms: readonly Arm[];
  readonly decisionMetric: string | null;
  readonly secondaryMetrics: readonly string[];
  readonly guardrailMetrics: readonly string[];
  readonly minimumDays: number;
  readonly plannedUnits: number | null;
  /** Since when its units count: since the start, or since they were dealt anew. */
  readonly startedAt: Date | null;
  /** Its units were dealt anew, and those of before still stand in the rollups. */
  readonly countsAnew: boolean;
  /** Versions of the analysts' metrics that it was launched with. */
  readonly metricVersions: PinnedVersions;
  readonly catalogue: MetricCatalogue;
  readonly stoppedAt: Date | null;
  /** What units were assigned by; null: each by itself. */
  readonly clusters: Clusters | null;
}

export interface Segment {
  readonly attribute: string;
  readonly value: string;
}

export interface Population {
  /** Units that count. */
  readonly perArm: ReadonlyMap<string, number>;
  /** Units seen in several arms, whether they count or not. */
  readonly crossover: number;
  /** Units that no result has, by the rule that leaves them out. */
  readonly leftOut: Readonly<Partial<Record<ExcludableState, number>>>;
  /** All units: those that count and those left out. */
  readonly everybody: {
    readonly perArm: ReadonlyMap<string, number>;
    readonly entries: Population['entries'];
  };
  readonly firstAt: Date | null;
  /** Units per phase and arm, for the split that was planned over all phases. */
  readonly phases: readonly {
    readonly phase: number;
    readonly units: number;
    readonly weights: Readonly<Record<string, number>>;
  }[];
  /** Units that count, by the day on which they entered. */
  readonly entries: readonly {
    readonly phase: number;
    readonly day: string;
    readonly arm: string;
    readonly units: number;
  }[];
}

interface DailyMoments extends ReportCell {
  readonly day: string;
}

interface DailyRow extends Record<string, unknown> {
  readonly day: string;
  readonly metric: string;
  readonly arm: string;
  readonly n: string;
  readonly mean: [number, number, number];
  readonly comoment: [number, number, number, number, number, number];
  readonly non_zero: string;
}

const DAILY = 'day::text as day, metric, arm, n, mean, comoment, non_zero';

const dailyOf = ({ day, metric, arm, n, mean, comoment, non_zero: nonZero }: DailyRow): DailyMoments => ({
  day,
  metric,
  arm,
  moments: { n: Number(n), mean, comoment, nonZero: Number(nonZero) },
});

/** Reads what reports need from the rollups. */
@Injectable()
export class ReportStore {
  constructor(@Inject(Database) readonly db: Database) {}

  /** @throws Problem 404. */
  async experiment(key: string): Promise<ReportedExperiment> {
    const [row] = await this.db.query<Omit<ReportedExperiment, 'catalogue' | 'clusters'>>(
      `select key, title, status, arms, decision_metric as "decisionMetric", secondary_metrics as "secondaryMetrics",
              guardrail_metrics as "guardrailMetrics", minimum_days as "minimumDays", planned_units as "plannedUnits",
              coalesce((select p.started_at from experiment_phase p where e.counted_from_phase > 1
                and p.experiment = e.key and p.phase = e.counted_from_phase), started_at) as "startedAt",
              counts_anew as "countsAnew", stopped_at as "stoppedAt", metric_versions as "metricVersions"
         from experiment e where key = $1`,
      [key],
    );
    if (!row) throw Problem.notFound('Experiment', key);
    const clusters = await clustersOf(this.db, key);
    return { ...row, clusters, catalogue: await loadMetricCatalogue(this.db) };
  }

  /** Cells of mature units now, whole or for one segment. @param everybody also the units that rules leave out. */
  async cells(
    key: string,
    metrics: readonly MetricDefinition[],
    asOf: Date,
    segment: Segment | null,
    everybody = false,
  ): Promise<ReportCell[]> {
    if (segment || everybody) return this.unitCells(key, metrics, asOf, segment, everybody);
    const moments = await matureMoments(this.db, key, metrics, asOf);
    return cellsOf(moments);
  }

  /** Cells as they stood at the end of an earlier day; a day on which nothing changed has no rows of its own. */
  async cellsOn(key: string, day: string): Promise<ReportCell[]> {
    const rows = await this.db.query<DailyRow>(
      `select distinct on (metric, arm) ${DAILY} from moments_daily
        where experiment = $1 and day <= $2::date order by metric, arm, moments_daily.day desc`,
      [key, day],
    );
    return rows.map(dailyOf).map(({ metric, arm, moments }) => ({ metric, arm, moments }));
  }

  /** The cells apart by allocation, where the weights changed. */
  periodCells(
    experiment: string,
    metrics: readonly MetricDefinition[],
    population: Population,
    asOf: Date,
    segment: Segment | null,
    everybody = false,
  ): Promise<readonly ReportCell[] | null> {
    return periodCells(this.db, { experiment, metrics, population, asOf, segment, everybody });
  }

  /** Cumulative moments of a metric by day, oldest first. */
  async daily(key: string, metric: string): Promise<readonly DailyMoments[]> {
    const rows = await this.db.query<DailyRow>(
      `select ${DAILY} from moments_daily where experiment = $1 and metric = $2 order by moments_daily.day, arm`,
      [key, metric],
    );
    return rows.map(dailyOf);
  }

  private async unitCells(
    key: string,
    metrics: readonly MetricDefinition[],
    asOf: Date,
    segment: Segment | null,
    everybody: boolean,
  ): Promise<ReportCell[]> {
    const until = await experimentWatchedUntil(this.db, key, asOf);
    const clusters = await clustersOf(this.db, key);
    if (clusters)
      return clusterMoments(this.db, {
        experiment: key,
        field: clusters.field,
        metrics,
        until,
        segment,
        everybody,
      });
    const rows = await this.db.query<MomentsRow & { metric: string; arm: string }>(
      `select m.metric, m.arm, ${MOMENTS_OF_UNITS}
         from unit_metric m
         join experiment_unit u on u.experiment = m.experiment and u.unit_id = m.unit_id
          and (u.left_out is null or $6::boolean)
         join unnest($2::text[], $3::date[]) as mature (metric, last_day) on mature.metric = m.metric
        where m.experiment = $1 and m.entered_on <= mature.last_day and ($4::text is null or u.attributes ->> $4 = $5)
        group by m.metric, m.arm`,
      [
        key,
        metrics.map((metric) => metric.key),
        metrics.map((metric) => lastMatureDay(metric, until)),
        segment?.attribute ?? null,
        segment?.value ?? null,
        everybody,
      ],
    );
    const cells = rows.map((row) => ({ metric: row.metric, arm: row.arm, moments: momentsOf(row) }));
    const made = await unitLevelMoments(this.db, metrics, {
      experiment: key,
      asOf: until,
      segment,
      everybody,
    });
    return [...cells.filter(({ metric }) => !made.has(metric)), ...cellsOf(made)];
  }

  /** Who was exposed, by arm and phase, up to a time. @param everybody counts also those whom rules leave out. */
  population(key: string, asOf: Date, segment: Segment | null, everybody = false): Promise<Population> {
    return readPopulation(this.db, key, asOf, segment, everybody);
  }

  /** Attributes by which units can be split, with their most frequent values. */
  async segments(key: string): Promise<
    readonly {
      readonly attribute: string;
      readonly values: readonly { readonly value: string; readonly units: number }[];
    }[]
  > {
    const rows = await this.db.query<{ attribute: string; value: string; units: string }>(
      `select a.key as attribute, a.value, count(*) as units
         from experiment_unit u cross join lateral jsonb_each_text(u.attributes) a
        where u.experiment = $1 group by 1, 2 order by 1, 3 desc, 2`,
      [key],
    );
    const byAttribute = new Map<string, { value: string; units: number }[]>();
    for (const row of rows) {
      const values = byAttribute.get(row.attribute) ?? [];
      if (values.length < 20) values.push({ value: row.value, units: Number(row.units) });
      byAttribute.set(row.attribute, values);
    }
    return [...byAttribute].map(([attribute, values]) => ({ attribute, values }));
  }

  /** Mean of 1 / propensity per arm that a policy serves, over the newest decisions of each arm. */
  async propensities(key: string, arms: readonly string[], asOf: Date): Promise<readonly PropensityRow[]> {
    if (arms.length === 0) return [];
    return this.db.query<PropensityRow>(
      `select d.arm, count(*)::integer as decisions, avg(1 / d.propensity) as "meanInverse",
              coalesce(stddev_samp(1 / d.propensity) / sqrt(count(*)), 0) as "standardError", avg(d.actions)::float8 as expected
         from unnest($2::text[]) as a (arm)
         cross join lateral (
           select a.arm, propensity, cardinality(array_remove(probabilities, 0::double precision)) as actions
             from decision where experiment = $1 and decision.arm = a.arm and kind = 'action' and policy_id is not null
              and fallback is null and at <= $3 and at > $3::timestamptz - interval '7 days'
            order by at desc limit 5000) d
        where d.actions is not null group by d.arm`,
      [key, arms, asOf],
    );
  }

  /** Not where units were dealt anew meanwhile: schedules act on it, and it is of the units of before. */
  async saveSummary(key: string, summary: unknown): Promise<void> {
    await this.db.query(`update experiment set summary = $2::jsonb where key = $1 and not counts_anew`, [
      key,
      JSON.stringify(summary),
    ]);
  }
}

export interface PropensityRow {
  readonly arm: string;
  readonly decisions: number;
  readonly meanInverse: number;
  readonly standardError: number;
  readonly expected: number;
}

const cellsOf = (moments: ReadonlyMap<string, ReadonlyMap<string, Moments>>): ReportCell[] =>
  [...moments].flatMap(([metric, arms]) =>
    [...arms].map(([arm, value]) => ({ metric, arm, moments: value })),
  );
