import { DEFAULT_ESTIMATOR, estimatorRegistry, fromCounts, wilsonInterval } from '#metrics';
import type { Effect } from '#metrics';
import { dayOf } from '../rollups/maturity.js';
import { baselineOf } from './baseline.js';
import { requireOwnAssignment } from './clustered.js';
import type { ReportStore } from './report-store.js';
import { LAST_BIT } from './retention-store.js';
import type { Cohort, DayRange, RetentionStore } from './retention-store.js';
import type { RetentionQuery } from './retention.schemas.js';

const DAY_MS = 86_400_000;
const LAST_DAY = 28;
const WEEKS = 4;

export type RetentionKind = RetentionQuery['kind'];

/** One point of a curve: active on a day in [from, through]; its units are mature once day `matures` is over. */
interface Rule extends DayRange {
  readonly matures: number;
}

export interface RetentionPoint {
  /** First and last day after first exposure that count; rolling retention has no last one. */
  readonly day: number;
  readonly through: number | null;
  readonly matured: number;
  readonly enrolled: number;
  readonly retained: number;
  readonly share: number | null;
  readonly lower: number | null;
  readonly upper: number | null;
}

export interface RetentionReport {
  readonly experiment: string;
  readonly kind: RetentionKind;
  readonly asOf: string;
  readonly baseline: string;
  readonly estimator: string;
  readonly alpha: number;
  /** Days (UTC) of the first and last exposure, and the last day whose activity counts. */
  readonly window: {
    readonly from: string | null;
    readonly to: string | null;
    readonly activityThrough: string;
  };
  readonly arms: readonly {
    readonly arm: string;
    readonly enrolled: number;
    readonly points: readonly RetentionPoint[];
  }[];
  /** Every arm against the baseline, point by point, on the units that are mature for it. */
  readonly lifts: readonly {
    readonly arm: string;
    readonly points: readonly { readonly day: number; readonly effect: Effect }[];
  }[];
}

const days = Array.from({ length: LAST_DAY }, (_, i) => i + 1);

/** What counts as retained, by kind. Day n is the n-th calendar day (UTC) after the day of first exposure. */
const RULES: Readonly<Record<RetentionKind, readonly Rule[]>> = {
  day: days.map((day) => ({ from: day, through: day, matures: day })),
  rolling: days.map((day) => ({ from: day, through: LAST_BIT, matures: day })),
  window: Array.from({ length: WEEKS }, (_, week) => ({
    from: 7 * week + 1,
    through: 7 * week + 7,
    matures: 7 * week + 7,
  })),
};

/** The day `days` before a day, both YYYY-MM-DD. */
const daysBefore = (day: string, count: number): string => dayOf(new Date(Date.parse(day) - count * DAY_MS));

/**
 * Retention of every arm by day, rolling (on that day or later) or by week, over the units that were in long enough:
 * those for whom the last day of the rule is over. A shorter follow-up never stands in for a longer one. Shares have
 * Wilson's (1927) score interval, pointwise; lifts are the experiment's estimator on the shares of matured units.
 * @throws Problem 404 for an unknown experiment, 400 for a baseline that is no arm of it.
 */
export async function retentionReport(
  stores: { readonly reports: ReportStore; readonly retention: RetentionStore },
  key: string,
  query: RetentionQuery,
  now: Date,
): Promise<RetentionReport> {
  const experiment = await stores.reports.experiment(key);
  requireOwnAssignment(experiment, 'the curve of retention');
  const baseline = baselineOf(experiment, query.baseline);
  const estimator = estimatorRegistry.get(query.estimator ?? DEFAULT_ESTIMATOR);
  const asOf = query.asOf ?? now;
  const activityThrough = daysBefore(dayOf(asOf), 1);
  const rules = RULES[query.kind];
  const cohorts = await stores.retention.cohorts(key, rules, asOf, activityThrough);
  const arms = experiment.arms.map((arm) => ({
    arm: arm.key,
    ...curveOf(
      cohorts.filter((cohort) => cohort.arm === arm.key),
      rules,
      query,
      activityThrough,
    ),
  }));
  const control = arms.find(({ arm }) => arm === baseline)?.points ?? [];
  const options = { alpha: query.alpha, kind: 'retention', adjust: false } as const;
  const moments = (point: RetentionPoint | undefined) =>
    fromCounts(point?.matured ?? 0, point?.retained ?? 0);
  const entries = cohorts.map(({ enteredOn }) => enteredOn).sort();
  return {
    experiment: key,
    kind: query.kind,
    asOf: asOf.toISOString(),
    baseline,
    estimator: estimator.key,
    alpha: query.alpha,
    window: { from: entries[0] ?? null, to: entries.at(-1) ?? null, activityThrough },
    arms,
    lifts: arms
      .filter(({ arm }) => arm !== baseline)
      .map(({ arm, points }) => ({
        arm,
        points: points.map((point, i) => ({
          day: point.day,
          effect: estimator.compare(moments(control[i]), moments(point), options),
        })),
      })),
  };
}

function curveOf(
  cohorts: readonly Cohort[],
  rules: readonly Rule[],
  { kind, alpha }: RetentionQuery,
  activityThrough: string,
): Pick<RetentionReport['arms'][number], 'enrolled' | 'points'> {
  const sum = (of: readonly Cohort[], value: (cohort: Cohort) => number): number =>
    of.reduce((total, cohort) => total + value(cohort), 0);
  const enrolled = sum(cohorts, ({ units }) => units);
  return {
    enrolled,
    points: rules.map(({ from, through, matures }, i) => {
      const lastMature = daysBefore(activityThrough, matures);
      const mature = cohorts.filter(({ enteredOn }) => enteredOn <= lastMature);
      const matured = sum(mature, ({ units }) => units);
      const retained = sum(mature, ({ active }) => active[i] ?? 0);
      const band = wilsonInterval({ n: matured, successes: retained }, alpha);
      const known = band.status === 'ok';
      return {
        day: from,
        through: kind === 'rolling' ? null : through,
        matured,
        enrolled,
        retained,
        share: known ? band.estimate : null,
        lower: known ? band.lower : null,
        upper: known ? band.upper : null,
      };
    }),
  };
}
