import { isRatio, needsUnits, switchback } from '#metrics';
import type { MetricDefinition, SlotOutcome, SwitchbackResult } from '#metrics';
import { numberSlots, slotUnit } from '#experiments';
import type { Switchback } from '#experiments';
import { Problem } from '../http/problem.js';
import type { Sql } from '../persistence/database.js';
import { lastMatureDay, watchedUntil } from '../rollups/maturity.js';
import { baselineOf } from './baseline.js';
import { metricOf } from './metric-of.js';
import type { ReportStore, ReportedExperiment } from './report-store.js';

const ALPHA = 0.05;
const DRAWS = 2000;
/** Slots that are read at most, the newest. */
const MOST_SLOTS = 50_000;

export interface SwitchbackReport {
  readonly experiment: string;
  readonly slotMinutes: number;
  /** Minutes at the start of each slot that are served but do not count. */
  readonly washOutMinutes: number;
  readonly metric: string;
  readonly title: string;
  readonly measuredIn: MetricDefinition['measuredIn'];
  readonly betterWhen: MetricDefinition['betterWhen'];
  readonly baseline: string;
  readonly asOf: string;
  readonly level: number;
  readonly draws: number;
  readonly markets: number;
  readonly slots: number;
  readonly comparisons: readonly {
    readonly arm: string;
    readonly result: SwitchbackResult | null;
    /** Why there is none; `needs_units`: the metric is not a mean or ratio of slots. */
    readonly reason: string | null;
    /** `CARRY-OVER` where the arm of the slot before still shows. */
    readonly warning: 'CARRY-OVER' | null;
  }[];
}

interface SlotRow extends Record<string, unknown> {
  readonly unit_id: string;
  readonly arm: string;
  readonly y: number;
  readonly d: number;
}

/** What was measured in each slot of each market; units without a slot in their id are none of a switchback. */
function outcomesOf(
  rows: readonly SlotRow[],
  design: Switchback,
  metric: MetricDefinition,
): (Omit<SlotOutcome, 'treated'> & { readonly arm: string })[] {
  const found = rows.flatMap((row) => {
    const unit = slotUnit(row.unit_id);
    return unit ? [{ ...row, ...unit }] : [];
  });
  const numbers = numberSlots(
    found.map(({ start }) => start),
    design,
  );
  return found.map(({ id, start, arm, y, d }) => ({
    ...{ market: id, slot: numbers.get(start) ?? 0, arm, y },
    d: isRatio(metric.kind) ? d : 1,
  }));
}

/**
 * One metric of a switchback by slots of market and time: difference, an interval for correlated slots, the randomisation test
 * and carry-over.
 * @throws Problem 404; 409 `not_a_switchback`; 400 for an unknown metric or baseline.
 */
export async function switchbackReport(
  sql: Sql,
  store: ReportStore,
  key: string,
  query: { readonly metric?: string | undefined; readonly baseline?: string | undefined },
  now: Date,
): Promise<SwitchbackReport> {
  const experiment = await store.experiment(key);
  const [row] = await sql.query<{ switchback: Switchback | null }>(
    'select switchback from experiment where key = $1',
    [key],
  );
  if (!row?.switchback) throw Problem.conflict('not_a_switchback', `"${key}" does not change arms with time`);
  const { slotMinutes, washOutMinutes = 0 } = row.switchback;
  const metric = metricOf(experiment, query.metric);
  const baseline = baselineOf(experiment, query.baseline);
  const rows = needsUnits(metric) ? [] : await slotsOf(sql, experiment, metric, now);
  const slots = outcomesOf(rows, row.switchback, metric);
  return {
    experiment: key,
    slotMinutes,
    washOutMinutes,
    metric: metric.key,
    title: metric.title,
    measuredIn: metric.measuredIn,
    betterWhen: metric.betterWhen,
    baseline,
    asOf: now.toISOString(),
    level: 1 - ALPHA,
    draws: DRAWS,
    markets: new Set(slots.map(({ market }) => market)).size,
    slots: slots.length,
    comparisons: experiment.arms
      .filter((arm) => arm.key !== baseline)
      .map((arm) => compare(slots, baseline, arm.key, { seed: `${key} ${metric.key}`, metric })),
  };
}

function compare(
  slots: readonly (Omit<SlotOutcome, 'treated'> & { readonly arm: string })[],
  baseline: string,
  arm: string,
  { seed, metric }: { readonly seed: string; readonly metric: MetricDefinition },
): SwitchbackReport['comparisons'][number] {
  if (needsUnits(metric)) return { arm, result: null, reason: 'needs_units', warning: null };
  const pair = slots
    .filter((slot) => slot.arm === baseline || slot.arm === arm)
    .map(({ arm: own, ...slot }) => ({ ...slot, treated: own === arm }));
  const found = switchback(pair, { alpha: ALPHA, draws: DRAWS, seed: `${seed} ${arm}` });
  if (!found.ok) return { arm, result: null, reason: found.reason, warning: null };
  const carried = (found.value.carryOver?.pValue ?? 1) < ALPHA;
  return { arm, result: found.value, reason: null, warning: carried ? 'CARRY-OVER' : null };
}

const slotsOf = (
  sql: Sql,
  { key, stoppedAt }: ReportedExperiment,
  metric: MetricDefinition,
  now: Date,
): Promise<SlotRow[]> =>
  sql.query<SlotRow>(
    `select u.unit_id, u.arm, m.y, m.d from unit_metric m
       join experiment_unit u on u.experiment = m.experiment and u.unit_id = m.unit_id and u.left_out is null
      where m.experiment = $1 and m.metric = $2 and m.entered_on <= $3::date
      order by u.first_at desc, u.unit_id limit ${MOST_SLOTS}`,
    [key, metric.key, lastMatureDay(metric, watchedUntil(now, stoppedAt))],
  );
