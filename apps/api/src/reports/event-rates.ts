import { RATE_CONCENTRATION, isHarmfulEvent, ratesOverPeriods } from '#metrics';
import { Problem } from '../http/problem.js';
import type { Database } from '../persistence/database.js';
import { eventNames, periodsOf, phaseWeights } from './event-counts.js';
import type { EventCount, EventCountStore, KeptCounts, PhaseWeights } from './event-counts.js';
import { baselineOf } from './baseline.js';
import type { EventRatesQuery } from './event-rates.schemas.js';
import type { ReportStore } from './report-store.js';

export interface ArmRate {
  /** Units exposed so far. */
  readonly exposed: number;
  /** Those that have had the event since. */
  readonly units: number;
}

export interface RatePoint {
  /** Begin of the hour or day; the counts are those at its end. */
  readonly at: string;
  readonly control: ArmRate;
  readonly treatment: ArmRate;
  /** Rate over control's, with its confidence sequence. null: nothing to divide by, or unbounded. */
  readonly ratio: number | null;
  readonly lower: number | null;
  readonly upper: number | null;
  /** Always valid: the least so far. */
  readonly pValue: number;
  /** Natural logarithm of the e-value against equal rates. */
  readonly logEValue: number;
}

export interface EventRatesReport {
  readonly experiment: string;
  /** Type of the clusters that were assigned: then "units" and "exposed" count clusters. null: each unit by itself. */
  readonly clusterBy: string | null;
  /** When the events were counted. */
  readonly asOf: string;
  readonly step: 'hour' | 'day';
  readonly baseline: string;
  readonly alpha: number;
  /** null: nothing has happened yet. */
  readonly event: string | null;
  readonly events: readonly { readonly event: string; readonly units: number; readonly harmful: boolean }[];
  readonly arms: readonly (ArmRate & {
    readonly arm: string;
    /** How often it happened to them. */
    readonly times: number;
    readonly share: number | null;
  })[];
  readonly comparisons: readonly {
    readonly arm: string;
    readonly points: readonly RatePoint[];
    /** Why there is no ratio at the end: `no_events`, `denominator_zero`; null: there is one. */
    readonly reason: string | null;
  }[];
}

interface Sources {
  readonly db: Database;
  readonly store: ReportStore;
  readonly counts: EventCountStore;
}

/**
 * How often an outcome happens in each arm against control, cumulative over time, by a test that stays valid however
 * often it is looked at.
 * @throws Problem 404 for the experiment; 400 for an outcome that has not happened in it, an arm that it has not, or a
 * window that ends before it begins.
 */
export async function eventRatesReport(
  { db, store, counts }: Sources,
  key: string,
  query: EventRatesQuery,
  now: Date,
): Promise<EventRatesReport> {
  const experiment = await store.experiment(key);
  const baseline = baselineOf(experiment, query.baseline);
  if (query.from && query.to && query.from > query.to)
    throw Problem.invalid('/from', 'invalid_window', 'must not be after "to"');
  const [kept, weights] = await Promise.all([counts.now(experiment, now), phaseWeights(db, experiment)]);
  const names = eventNames(kept.events);
  const event = query.event ?? names[0] ?? null;
  if (query.event !== undefined && !names.includes(query.event)) throw unknownEvent(names);
  const rows = kept.events.filter((row) => row.event === event);
  const arms = experiment.arms.map((arm) => arm.key);
  return {
    experiment: key,
    clusterBy: experiment.clusters?.by ?? null,
    asOf: kept.computedAt.toISOString(),
    step: kept.step,
    baseline,
    alpha: query.alpha,
    event,
    events: names.map((name) => ({
      event: name,
      units: sumOf(kept.events.filter((row) => row.event === name)),
      harmful: isHarmfulEvent(name),
    })),
    arms: arms.map((arm) => armOf(arm, rows, kept)),
    comparisons: arms
      .filter((arm) => arm !== baseline)
      .map((arm) => comparisonOf({ kept, rows, weights, pair: [baseline, arm], query })),
  };
}

function unknownEvent(names: readonly string[]): Problem {
  const known = names.join(', ');
  return Problem.invalid(
    '/event',
    'unknown_event',
    known === ''
      ? 'no outcome has happened in this experiment yet'
      : `must be an outcome of this experiment: ${known}`,
  );
}

const sumOf = (rows: readonly { readonly units: number }[]): number =>
  rows.reduce((sum, { units }) => sum + units, 0);

function armOf(arm: string, rows: readonly EventCount[], kept: KeptCounts): EventRatesReport['arms'][number] {
  const own = rows.filter((row) => row.arm === arm);
  const exposed = sumOf(kept.entered.filter((row) => row.arm === arm));
  const units = sumOf(own);
  const times = own.reduce((sum, row) => sum + row.times, 0);
  return { arm, exposed, units, times, share: exposed > 0 ? units / exposed : null };
}

interface Comparison {
  readonly kept: KeptCounts;
  readonly rows: KeptCounts['events'];
  readonly weights: PhaseWeights;
  readonly pair: readonly [control: string, arm: string];
  readonly query: EventRatesQuery;
}

/** The path counts from the first exposure on; `from` and `to` choose what of it is shown. */
function comparisonOf(comparison: Comparison): EventRatesReport['comparisons'][number] {
  const { kept, pair, query } = comparison;
  const points: RatePoint[] = [];
  let reason: string | null = 'no_events';
  for (const at of timesOf(kept)) {
    const { reason: why, ...point } = pointAt(at, comparison);
    points.push({ ...point, pValue: Math.min(point.pValue, points.at(-1)?.pValue ?? 1) });
    reason = why;
  }
  const isShown = (at: Date): boolean => !(query.from && at < query.from) && !(query.to && at > query.to);
  return { arm: pair[1], points: points.filter(({ at }) => isShown(new Date(at))), reason };
}

function pointAt(
  at: string,
  { kept, rows, weights, pair, query }: Comparison,
): RatePoint & { reason: string | null } {
  const entered = kept.entered.filter((row) => row.at <= at);
  const had = rows.filter((row) => row.at <= at);
  const rateOf = (arm: string): ArmRate => ({
    exposed: sumOf(entered.filter((row) => row.arm === arm)),
    units: sumOf(had.filter((row) => row.arm === arm)),
  });
  const shown = { at, control: rateOf(pair[0]), treatment: rateOf(pair[1]) };
  const rates = ratesOverPeriods(periodsOf(had, weights, pair), RATE_CONCENTRATION, query.alpha);
  if (rates.status !== 'ok') {
    const reason = had.length === 0 ? 'no_events' : rates.reason;
    return { ...shown, ratio: null, lower: null, upper: null, pValue: 1, logEValue: 0, reason };
  }
  const { rateRatio: ratio, interval, pValue, logBayesFactor: logEValue } = rates;
  const [lower, upper] = [interval?.lower ?? null, interval?.upper ?? null];
  return { ...shown, ratio, lower, upper, pValue, logEValue, reason: null };
}

/** Hours or days in which somebody entered or any outcome happened for the first time, oldest first. */
const timesOf = ({ entered, events }: KeptCounts): string[] =>
  [...new Set([...entered, ...events].map(({ at }) => at))].sort();
