import { Inject, Injectable } from '@nestjs/common';
import { DEFAULT_MARGIN, guardTests } from '#metrics';
import type { GuardEvidence, GuardPlan, MetricEvidence } from '#metrics';
import { Database } from '../persistence/database.js';
import { countedOf } from '../reports/clustered.js';
import { EventCountStore, eventRateFacts } from '../reports/event-counts.js';
import { entriesOf } from '../reports/health-groups.js';
import { LiftReports } from '../reports/lift-reports.js';
import type { LiftReport } from '../reports/lift-reports.js';
import { ReportStore } from '../reports/report-store.js';
import type { ReportedExperiment } from '../reports/report-store.js';

const MINUTE_MS = 60_000;

/** Gathers what the guardrails of an experiment are judged by, from the rollups. */
@Injectable()
export class GuardrailEvidence {
  constructor(
    @Inject(Database) private readonly db: Database,
    @Inject(ReportStore) private readonly store: ReportStore,
    @Inject(LiftReports) private readonly reports: LiftReports,
    @Inject(EventCountStore) private readonly counts: EventCountStore,
  ) {}

  /**
   * @param clustered whether units share arms by cluster; what is counted are then the clusters, as in the report.
   * @returns null where there is no control to compare with, or no unit of the present deal counted yet.
   */
  async gather(key: string, plan: GuardPlan, now: Date, clustered: boolean): Promise<GuardEvidence | null> {
    const experiment = await this.store.experiment(key);
    const weighed = experiment.arms.filter(({ weight }) => weight > 0);
    const control = weighed.find(({ isControl }) => isControl);
    if (!control || weighed.length < 2 || experiment.countsAnew) return null;
    const arms = [control, ...weighed.filter((arm) => arm !== control)].map((arm) => arm.key);
    if (plan.errors !== 'off') await this.counts.refresh(experiment, now);
    const units = await this.store.population(key, now, null);
    const scope = { asOf: now, segment: null, everybody: false };
    const { population } = await countedOf(this.db, experiment, units, scope);
    // Clusters whose type no field of a context names.
    const uncounted = clustered && experiment.clusters === null;
    const rates = await eventRateFacts(this.db, experiment);
    return {
      minutes: experiment.startedAt ? (now.getTime() - experiment.startedAt.getTime()) / MINUTE_MS : 0,
      arms: arms.map((arm) => ({ key: arm, units: population.perArm.get(arm) ?? 0 })),
      metrics: await this.metrics(experiment, plan, arms.length - 1, now),
      clustered,
      entries: uncounted ? [] : entriesOf(population, arms),
      eventRates: uncounted ? [] : rates.filter(({ arm }) => arms.includes(arm)),
    };
  }

  /** Effects by the report's own path, so that capping, covariates and changed allocations count as they do there. */
  private async metrics(
    { key, guardrailMetrics }: ReportedExperiment,
    plan: GuardPlan,
    treatments: number,
    now: Date,
  ): Promise<MetricEvidence[]> {
    const wanted = guardrailMetrics.filter(
      (metric) => (plan.metrics[metric]?.action ?? plan.defaultAction) !== 'off',
    );
    if (wanted.length === 0) return [];
    const { level } = guardTests(plan, wanted, treatments);
    const query = { estimator: 'asymptotic-cs', alpha: level, multiplicity: 'none' as const };
    const { results } = await this.reports.report(key, query, now);
    return results.filter(({ metric }) => wanted.includes(metric)).map(evidenceOf);
  }
}

function evidenceOf({
  metric,
  title,
  arm,
  betterWhen,
  effect,
  nonInferiority,
}: LiftReport['results'][number]): MetricEvidence {
  const { interval } = effect.relative;
  const kindest = (betterWhen === 'higher' ? interval?.upper : interval?.lower) ?? null;
  const harm = kindest === null ? null : betterWhen === 'higher' ? -kindest : kindest;
  return { metric, title, arm, margin: nonInferiority?.margin ?? DEFAULT_MARGIN, leastHarm: harm };
}
