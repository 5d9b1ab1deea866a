import { LEAST_AT_RISK, survivalReport } from '#metrics';
import type { SurvivalReport } from '#metrics';
import { watchedUntil } from '../rollups/maturity.js';
import { baselineOf } from './baseline.js';
import { requireOwnAssignment } from './clustered.js';
import type { ReportStore } from './report-store.js';
import type { RetentionStore } from './retention-store.js';
import type { SurvivalQuery } from './retention.schemas.js';

const DAY_MS = 86_400_000;

export interface ExperimentSurvival extends SurvivalReport {
  readonly experiment: string;
  readonly event: string;
  readonly asOf: string;
  readonly baseline: string;
  readonly alpha: number;
  /** Units exposed in between count; those exposed earlier may have lost events to the retention of facts. */
  readonly window: { readonly from: string | null; readonly to: string };
  readonly units: number;
  readonly events: number;
  /** How tau was chosen, in words. */
  readonly tauRule: string;
}

/**
 * Time from first exposure to the first outcome of one name, by arm; see `survivalReport`. Units without it are
 * censored at the as-of time, which for a stopped experiment is at most as long after the stop as its metrics are open.
 * @param keepDays days for which facts are kept. @throws Problem 404, and 400 for a baseline that is no arm.
 */
export async function experimentSurvival(
  stores: { readonly reports: ReportStore; readonly retention: RetentionStore },
  key: string,
  query: SurvivalQuery,
  { now, keepDays }: { readonly now: Date; readonly keepDays: number },
): Promise<ExperimentSurvival> {
  const experiment = await stores.reports.experiment(key);
  requireOwnAssignment(experiment, 'survival');
  const baseline = baselineOf(experiment, query.baseline);
  const { stoppedAt, firstAt } = await stores.retention.span(key);
  const asOf = watchedUntil(query.asOf ?? now, stoppedAt);
  const kept = now.getTime() - keepDays * DAY_MS;
  const since = new Date(Math.max(kept, firstAt?.getTime() ?? kept));
  const rows = await stores.retention.timeToEvent(key, query.event, asOf, since);
  const report = survivalReport(rows, {
    arms: experiment.arms.map((arm) => arm.key),
    control: baseline,
    alpha: query.alpha,
    tau: query.tau,
  });
  return {
    experiment: key,
    event: query.event,
    asOf: asOf.toISOString(),
    baseline,
    alpha: query.alpha,
    window: { from: firstAt === null ? null : since.toISOString(), to: asOf.toISOString() },
    units: report.arms.reduce((sum, { units }) => sum + units, 0),
    events: report.arms.reduce((sum, { events }) => sum + events, 0),
    tauRule:
      query.tau === undefined
        ? `the last day on which every arm has at least ${LEAST_AT_RISK} units at risk`
        : 'as asked for',
    ...report,
  };
}
