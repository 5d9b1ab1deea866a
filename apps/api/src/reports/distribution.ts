import type { MetricDefinition } from '#metrics';
import type { Database } from '../persistence/database.js';
import { lastMatureDay, watchedUntil } from '../rollups/maturity.js';
import type { ReportedExperiment } from './report-store.js';
import { unitDistribution } from './unit-reads.js';

export const QUANTILES = [0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99] as const;

export interface Distribution {
  readonly experiment: string;
  readonly metric: string;
  readonly title: string;
  readonly measuredIn: MetricDefinition['measuredIn'];
  readonly kind: MetricDefinition['kind'];
  readonly asOf: string;
  readonly window: { readonly to: string };
  /** What one value is, in one sentence. */
  readonly valueIs: string;
  /** Ends of the bins, the same in all arms: bin k holds [edges[k], edges[k + 1]), the last one also its end; empty without units. */
  readonly edges: readonly number[];
  /** Values above the last edge are counted together; null: there are none. */
  readonly tail: { readonly above: number; readonly largest: number } | null;
  readonly arms: readonly {
    readonly arm: string;
    readonly n: number;
    /** Units that have no value: nothing to divide by, or no event. */
    readonly without: number;
    readonly zeros: number;
    readonly shareOfZeros: number;
    readonly mean: number;
    readonly smallest: number;
    readonly largest: number;
    readonly quantiles: readonly { readonly level: number; readonly value: number }[];
    /** Units per bin. */
    readonly counts: readonly number[];
    readonly tail: number;
  }[];
}

/** How the values of one metric spread over the mature units of each arm. */
export async function distributionOf(
  db: Database,
  experiment: ReportedExperiment,
  metric: MetricDefinition,
  now: Date,
): Promise<Distribution> {
  const known = new Set(experiment.arms.map(({ key }) => key));
  const rows = (await unitDistribution(db, experiment.key, metric, now, QUANTILES)).filter(({ arm }) =>
    known.has(arm),
  );
  const grid = rows[0];
  const edges = grid?.edges ?? [];
  const bins = Math.max(0, edges.length - 1);
  const arms = rows.map((row) => ({
    arm: row.arm,
    n: row.n,
    without: row.without,
    zeros: row.zeros,
    shareOfZeros: row.zeros / row.n,
    mean: row.mean,
    smallest: row.least,
    largest: row.most,
    quantiles: QUANTILES.map((level, i) => ({ level, value: row.quantiles[i] as number })),
    counts: Array.from({ length: bins }, (_, i) => row.counts[String(i)] ?? 0),
    tail: row.counts[String(bins)] ?? 0,
  }));
  return {
    experiment: experiment.key,
    metric: metric.key,
    title: metric.title,
    measuredIn: metric.measuredIn,
    kind: metric.kind,
    asOf: now.toISOString(),
    window: {
      to:
        metric.maturityDays > 0
          ? lastMatureDay(metric, watchedUntil(now, experiment.stoppedAt))
          : now.toISOString(),
    },
    valueIs: valueIs(metric),
    edges,
    tail:
      grid && arms.some(({ tail }) => tail > 0)
        ? { above: edges.at(-1) as number, largest: grid.high }
        : null,
    arms,
  };
}

function valueIs({ kind, cap }: MetricDefinition): string {
  if (kind === 'ratio')
    return 'Each unit’s own numerator divided by its denominator; the report divides the sums of the arm instead.';
  if (kind === 'funnel')
    return '1 for a unit that took the last step too, 0 for one that took only the steps before; units that did not take those have no value.';
  if (kind === 'time-to-event')
    return 'Days from first exposure to the event, of units that had it; units without the event have no value here, the report counts how long they went without.';
  const uncapped =
    cap !== undefined && 'quantile' in cap
      ? ` Values are uncapped; the report caps them at quantile ${cap.quantile} of all units’ values other than 0.`
      : '';
  return `One value per mature unit; units in more than one arm are left out.${uncapped}`;
}
