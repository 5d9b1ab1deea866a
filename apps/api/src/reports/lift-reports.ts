import { Inject, Injectable } from '@nestjs/common';
import { DEFAULT_ESTIMATOR, buildReport, clusterKind, estimatorRegistry } from '#metrics';
import type {
  HealthFacts,
  MetricDefinition,
  MetricRole,
  ReportBody,
  ReportCell,
  ReportMetric,
  ReportOptions,
  ReportResult,
} from '#metrics';
import { dayOf, lastMatureDay, watchedUntil } from '../rollups/maturity.js';
import { baselineOf } from './baseline.js';
import { complete } from './complete-cells.js';
import { clusteredMetrics, countedOf, withClusterNote } from './clustered.js';
import type { Counted, ReportClusters } from './clustered.js';
import { guardrailState } from './guardrail-state.js';
import { HealthFactsReader, endOf } from './health-facts.js';
import { alarmsOf, withMutes, worstStatus } from './health-mutes.js';
import type { HealthView, Mute } from './health-mutes.js';
import { isImmature, maturedMetrics, refuseOfPast } from './matured.js';
import { withPeriods } from './period-cells.js';
import { pointOf } from './series-point.js';
import { ReportStore } from './report-store.js';
import { seriesOptions, settingsOf } from './report-settings.js';
import type { ReportSettings } from './report-settings.js';
import type { Population, ReportedExperiment, Segment } from './report-store.js';

const DAY_MS = 86_400_000;

export interface ReportQuery extends ReportSettings {
  readonly asOf?: Date | undefined;
  readonly segment?: Segment | undefined;
  readonly estimator?: string | undefined;
  readonly baseline?: string | undefined;
  readonly alpha?: number | undefined;
  readonly adjust?: boolean | undefined;
  /** Only units that entered at least so many days ago. */
  readonly maturity?: number | undefined;
  /** `off`: with the units that the rules about faulty assignment leave out. */
  readonly exclusions?: 'on' | 'off' | undefined;
}

export interface LiftReport {
  readonly experiment: string;
  readonly title: string;
  readonly status: string;
  readonly asOf: string;
  readonly baseline: string;
  readonly estimator: string;
  readonly alpha: number;
  /** Every setting of the report, also those that were not given. */
  readonly options: ReportBody['options'];
  readonly segment: Segment | null;
  /** Days that every unit counted has behind it; null: what each metric needs. */
  readonly maturity: number | null;
  readonly complete: boolean;
  readonly missing: readonly string[];
  readonly units: {
    readonly enrolled: number;
    readonly perArm: Readonly<Record<string, number>>;
    /** Seen in several arms, whether they are left out or not. */
    readonly crossover: number;
    /** Left out, by the rule that does it. */
    readonly leftOut: Population['leftOut'];
  };
  /** Where units were assigned by cluster: n of every result counts clusters, and errors are cluster-robust. */
  readonly clusters: ReportClusters | null;
  readonly health: readonly HealthView[];
  readonly verdict: ReportBody['verdict'];
  readonly results: readonly (ReportResult & {
    readonly description: string;
    readonly kind: MetricDefinition['kind'];
    readonly window: { readonly from: string | null; readonly to: string };
    readonly matured: number;
    readonly enrolled: number;
    /** `IMMATURE` where 20 % of the enrolled units or more do not count yet. */
    readonly immature: boolean;
  })[];
  readonly computedInMs: number;
}

/** Lift reports of running and finished experiments, from the rollups: health first, then every metric and arm. */
@Injectable()
export class LiftReports {
  constructor(
    @Inject(ReportStore) private readonly store: ReportStore,
    @Inject(HealthFactsReader) private readonly health: HealthFactsReader,
  ) {}

  async report(key: string, query: ReportQuery, now: Date): Promise<LiftReport> {
    const began = performance.now();
    const stored = await this.store.experiment(key);
    const metrics = maturedMetrics(metricsOf(stored), query.maturity);
    const asOf = query.asOf ?? now;
    const segment = query.segment ?? null;
    const past = dayOf(asOf) < dayOf(now);
    if (past) refuseOfPast(query);
    const everybody = query.exclusions === 'off';
    const definitions = metrics.map(({ definition }) => definition);
    const policyArms = stored.arms.filter((arm) => arm.treatment.kind === 'policy').map((arm) => arm.key);
    const [population, cells, propensities, mutes] = await Promise.all([
      this.store.population(key, past ? new Date(`${dayOf(asOf)}T23:59:59.999Z`) : asOf, segment, everybody),
      past
        ? this.store.cellsOn(key, dayOf(asOf))
        : this.store.cells(key, definitions, asOf, segment, everybody),
      this.store.propensities(key, policyArms, asOf),
      this.health.mutes(key, now),
    ]);
    const counted = await countedOf(this.store.db, stored, population, { asOf, segment, everybody });
    const experiment = { ...stored, plannedUnits: counted.plannedUnits };
    const known = { ...factsOf(experiment, counted.population, endOf(experiment, asOf)), propensities };
    const judged = { experiment, population: counted.population, cells, asOf, now, segment, everybody };
    const facts = await this.health.extend(known, judged);
    const parts = past
      ? null
      : await this.store.periodCells(
          experiment.key,
          definitions,
          counted.population,
          asOf,
          segment,
          everybody,
        );
    const body = buildReport({
      arms: experiment.arms,
      metrics: experiment.clusters ? clusteredMetrics(metrics) : metrics,
      cells: complete(withPeriods(cells, parts), experiment, metrics),
      facts,
      options: optionsOf(query, experiment),
    });
    return {
      ...shape(stored, body, population, counted, metrics, asOf, segment, mutes),
      maturity: query.maturity ?? null,
      computedInMs: Math.round((performance.now() - began) * 10) / 10,
    };
  }

  /** The effect of one metric as it was known on each day. */
  async series(key: string, metric: string | null, query: ReportQuery): Promise<unknown> {
    const experiment = await this.store.experiment(key);
    const wanted = metric ?? experiment.decisionMetric ?? '';
    const found = experiment.catalogue.find(wanted, experiment.metricVersions);
    const definition = found && experiment.clusters ? { ...found, kind: clusterKind(found) } : found;
    const baseline = baselineOf(experiment, query.baseline);
    const chosen = estimatorRegistry.get(query.estimator ?? DEFAULT_ESTIMATOR);
    const options = optionsOf(query, experiment);
    const shown = { metric: wanted, estimator: chosen.key, baseline };
    if (!definition) return { ...shown, points: [] };
    const days = new Map<string, Map<string, ReportCell['moments']>>();
    for (const row of await this.store.daily(key, wanted)) {
      const arms = days.get(row.day) ?? new Map<string, ReportCell['moments']>();
      arms.set(row.arm, row.moments);
      days.set(row.day, arms);
    }
    const points = [...days].flatMap(([day, arms]) => {
      const base = arms.get(baseline);
      if (!base) return [];
      return experiment.arms
        .filter((arm) => arm.key !== baseline)
        .flatMap((arm) => {
          const treatment = arms.get(arm.key);
          if (!treatment) return [];
          return [
            pointOf(
              day,
              arm.key,
              chosen.compare(
                base,
                treatment,
                seriesOptions(options, definition, experiment.arms, [baseline, arm.key]),
              ),
            ),
          ];
        });
    });
    return { ...shown, points };
  }

  /** What the experiments list shows; kept with the experiment by the rollup. */
  async storeSummary(key: string, now: Date): Promise<void> {
    const report = await this.report(key, {}, now);
    const first = report.results.find((result) => result.role === 'decision');
    const relative = first?.effect.relative;
    await this.store.saveSummary(key, {
      units: report.units.enrolled,
      verdict: report.verdict.kind,
      decisionLift:
        relative && relative.estimate !== null
          ? {
              arm: first?.arm,
              estimate: relative.estimate,
              lower: relative.interval?.lower ?? null,
              upper: relative.interval?.upper ?? null,
            }
          : null,
      health: worstStatus(report.health),
      alarms: alarmsOf(report.health),
      guardrails: guardrailState(report.health),
      asOf: report.asOf,
    });
  }
}

export function metricsOf(experiment: ReportedExperiment): ReportMetric[] {
  const roles: readonly (readonly [MetricRole, readonly string[]])[] = [
    ['decision', experiment.decisionMetric === null ? [] : [experiment.decisionMetric]],
    ['secondary', experiment.secondaryMetrics],
    ['guardrail', experiment.guardrailMetrics],
  ];
  const seen = new Set<string>();
  return roles.flatMap(([role, keys]) =>
    experiment.catalogue
      .definitionsOf(keys, experiment.metricVersions)
      .filter(({ key }) => !seen.has(key) && seen.add(key))
      .map((definition) => ({ definition, role })),
  );
}

/** The planned split over all phases: each phase's weights count by the units that entered in it. */
export function plannedWeights(experiment: ReportedExperiment, population: Population): Map<string, number> {
  const weights = new Map(experiment.arms.map((arm) => [arm.key, 0]));
  let counted = 0;
  for (const phase of population.phases) {
    const total = Object.values(phase.weights).reduce((sum, weight) => sum + weight, 0);
    if (total <= 0) continue;
    counted += phase.units;
    for (const [arm, weight] of Object.entries(phase.weights))
      weights.set(arm, (weights.get(arm) ?? 0) + (phase.units * weight) / total);
  }
  if (counted > 0) return weights;
  return new Map(experiment.arms.map((arm) => [arm.key, arm.weight]));
}

function factsOf(experiment: ReportedExperiment, population: Population, asOf: Date): HealthFacts {
  const weights = plannedWeights(experiment, population);
  const units = [...population.everybody.perArm.values()].reduce((sum, n) => sum + n, 0);
  const keys = new Set([...experiment.arms.map((arm) => arm.key), ...population.perArm.keys()]);
  return {
    arms: [...keys].map((key) => ({
      key,
      weight: weights.get(key) ?? 0,
      units: population.perArm.get(key) ?? 0,
    })),
    totalUnits: units,
    crossoverUnits: population.crossover,
    daysRunning: population.firstAt
      ? Math.max(0, (asOf.getTime() - population.firstAt.getTime()) / DAY_MS)
      : null,
  };
}

export const optionsOf = (query: ReportQuery, experiment: ReportedExperiment): ReportOptions => ({
  ...settingsOf(query, experiment.plannedUnits),
  ...(query.estimator === undefined ? {} : { estimator: query.estimator }),
  ...(query.baseline === undefined ? {} : { baseline: query.baseline }),
  ...(query.alpha === undefined ? {} : { alpha: query.alpha }),
  ...(query.adjust === undefined ? {} : { adjust: query.adjust }),
});

function shape(
  experiment: ReportedExperiment,
  body: ReportBody,
  population: Population,
  counted: Counted,
  metrics: readonly ReportMetric[],
  asOf: Date,
  segment: Segment | null,
  mutes: readonly Mute[],
): Omit<LiftReport, 'computedInMs' | 'maturity'> {
  const definitions = new Map(metrics.map(({ definition }) => [definition.key, definition]));
  const control = counted.population.perArm.get(body.options.baseline) ?? 0;
  const enrolled = [...population.perArm.values()].reduce((sum, n) => sum + n, 0);
  return {
    experiment: experiment.key,
    title: experiment.title,
    status: experiment.status,
    asOf: asOf.toISOString(),
    baseline: body.options.baseline,
    estimator: body.options.estimator,
    alpha: body.options.alpha,
    options: body.options,
    segment,
    complete: body.missing.length === 0,
    missing: body.missing,
    units: {
      enrolled,
      perArm: Object.fromEntries(
        experiment.arms.map((arm) => [arm.key, population.perArm.get(arm.key) ?? 0]),
      ),
      crossover: population.crossover,
      leftOut: population.leftOut,
    },
    clusters: counted.clusters,
    health: withMutes(body.health, mutes),
    verdict: body.verdict,
    results: body.results.map((result) => {
      const definition = definitions.get(result.metric) as MetricDefinition;
      const matured = result.effect.control.n + result.effect.treatment.n;
      const reached = control + (counted.population.perArm.get(result.arm) ?? 0);
      return {
        ...result,
        formula: withClusterNote(result.formula, counted.clusters),
        description: definition.description,
        kind: definition.kind,
        window: {
          from: population.firstAt?.toISOString() ?? null,
          to:
            definition.maturityDays > 0
              ? lastMatureDay(definition, watchedUntil(asOf, experiment.stoppedAt))
              : asOf.toISOString(),
        },
        matured,
        enrolled: reached,
        immature: isImmature(matured, reached),
      };
    }),
  };
}
