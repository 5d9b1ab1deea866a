import { adjustPValues, novelty } from '#metrics';
import type { DayMoments, MetricDefinition, Novelty, NoveltyTrend } from '#metrics';
import type { Database } from '../persistence/database.js';
import { requireOwnAssignment } from './clustered.js';
import { daySums } from './day-sums.js';
import type { DaySums } from './day-sums.js';
import type { ReportedExperiment } from './report-store.js';
import { unitsOlderThan } from './unit-reads.js';

/** Windows that are tried, longest first. */
const WINDOWS = [28, 21, 14, 7] as const;
/** Units that are read at most; with more, a fixed random share of them is. */
const MOST_UNITS = 100_000;
const ALPHA = 0.05;

export interface NoveltyReport {
  readonly experiment: string;
  readonly metric: string;
  readonly title: string;
  readonly measuredIn: MetricDefinition['measuredIn'];
  readonly betterWhen: MetricDefinition['betterWhen'];
  readonly baseline: string;
  readonly asOf: string;
  /** null: there are points. */
  readonly reason: 'fixed_window' | 'not_by_day' | 'not_old_enough' | null;
  /** Days since first exposure that are looked at; every unit counted has all of them behind it. */
  readonly days: number | null;
  readonly units: { readonly matured: number; readonly enrolled: number; readonly sample: number };
  readonly arms: readonly {
    readonly arm: string;
    readonly points: Novelty['points'];
    readonly trend: NoveltyTrend | null;
    readonly trendReason: string | null;
    /** Benjamini-Hochberg over the arms. */
    readonly qValue: number | null;
    /** `NOVELTY` where q < 0.05: the lift changes with the time since first exposure. */
    readonly warning: 'NOVELTY' | null;
    readonly note: string;
  }[];
}

/**
 * The lift by days since first exposure and its trend, from the events of units that have all the days behind them.
 * @param days length of the window; null: the longest of 28, 21, 14 and 7 days that half of the units have behind them.
 */
export async function noveltyReport(
  db: Database,
  experiment: ReportedExperiment,
  metric: MetricDefinition,
  days: number | null,
  now: Date,
): Promise<NoveltyReport> {
  const control = experiment.arms.find(({ isControl }) => isControl)?.key ?? '';
  requireOwnAssignment(experiment, 'the trend by days');
  const { key, title, measuredIn, betterWhen } = metric;
  const base = { experiment: experiment.key, metric: key, title, measuredIn, betterWhen, baseline: control };
  const empty = (reason: NoveltyReport['reason'], units: NoveltyReport['units']): NoveltyReport => ({
    ...base,
    asOf: now.toISOString(),
    reason,
    days: null,
    units,
    arms: [],
  });
  const unfit = unfitForDays(metric);
  if (unfit) return empty(unfit, { matured: 0, enrolled: 0, sample: 1 });
  const ages = await unitsOlderThan(db, experiment.key, [0, ...(days === null ? WINDOWS : [days])], now);
  const unitsAt = (age: number): number =>
    ages.filter((row) => row.days === age).reduce((sum, { units }) => sum + units, 0);
  const enrolled = unitsAt(0);
  const window = days ?? WINDOWS.find((age) => unitsAt(age) >= enrolled / 2) ?? WINDOWS.at(-1) ?? 7;
  const matured = unitsAt(window);
  const sample = Math.min(1, MOST_UNITS / Math.max(1, matured));
  if (matured === 0) return empty('not_old_enough', { matured, enrolled, sample });
  const sums = await daySums(db, experiment.key, metric, { days: window, asOf: now, sample });
  return {
    ...base,
    asOf: now.toISOString(),
    reason: null,
    days: window,
    units: { matured, enrolled, sample },
    arms: armsOf(sums, experiment, { metric, control, days: window }),
  };
}

/** Why a metric cannot be counted day by day: its value is of a whole window, and that of one day means something else. */
function unfitForDays({ kind }: MetricDefinition): 'fixed_window' | 'not_by_day' | null {
  if (kind === 'retention') return 'fixed_window';
  return kind === 'funnel' || kind === 'quantile' || kind === 'time-to-event' ? 'not_by_day' : null;
}

interface Scope {
  readonly metric: MetricDefinition;
  readonly control: string;
  readonly days: number;
}

function armsOf(
  sums: readonly DaySums[],
  experiment: ReportedExperiment,
  { metric, control, days }: Scope,
): NoveltyReport['arms'] {
  const ratio = metric.denominator !== undefined;
  const size = ratio ? 2 * days : days;
  const base = dayMoments(sums, control, size);
  const found = experiment.arms
    .filter(({ key }) => key !== control)
    .map(({ key }) => ({ arm: key, ...novelty(base, dayMoments(sums, key, size), { alpha: ALPHA, ratio }) }));
  const qValues = adjustPValues(
    found.map(({ trend }) => (trend.ok ? trend.value.pValue : null)),
    'fdr_bh',
  );
  return found.map(({ arm, points, trend }, i) => {
    const qValue = qValues[i] ?? null;
    const fires = qValue !== null && qValue < ALPHA;
    return {
      arm,
      points,
      trend: trend.ok ? trend.value : null,
      trendReason: trend.ok ? null : trend.reason,
      qValue,
      warning: fires ? 'NOVELTY' : null,
      note: noteOf(trend.ok ? trend.value : null, fires),
    };
  });
}

function noteOf(trend: NoveltyTrend | null, fires: boolean): string {
  if (!trend) return 'There are too few units or days to look for a trend.';
  if (!fires) return 'No trend is shown: the lift may be the same on all days since first exposure.';
  const end = trend.intercept + trend.slope * (trend.days - 1);
  const fading = Math.abs(end) < Math.abs(trend.intercept);
  return fading
    ? 'The lift fades with the days since first exposure: part of it may be novelty. Judge by the later days.'
    : 'The lift moves away from zero with the days since first exposure: units still adapt. The final effect may be larger.';
}

/** Mean and covariance of an arm's entries from sums over its units; entries without a sum are 0 in every unit. */
export function dayMoments(sums: readonly DaySums[], arm: string, size: number): DayMoments {
  const own = sums.filter((row) => row.arm === arm);
  const n = own.find(({ i }) => i === null)?.sum ?? 0;
  const mean = new Array<number>(size).fill(0);
  for (const { i, j, sum } of own) if (i !== null && j === null) mean[i] = sum / n;
  const covariance = mean.map((a) => mean.map((b) => (n > 1 ? (-n * a * b) / (n - 1) : 0)));
  for (const { i, j, sum } of own) {
    if (i === null || j === null || n < 2) continue;
    const value = (sum - n * (mean[i] as number) * (mean[j] as number)) / (n - 1);
    (covariance[i] as number[])[j] = value;
    (covariance[j] as number[])[i] = value;
  }
  return { n, mean, covariance };
}
