import { isCalendar } from '#metrics';
import type { EventSelection, Measure, MetricDefinition } from '#metrics';
import { conditionSql, summand } from './event-filter-sql.js';
import { EventValues } from './values.js';

export { Values } from './values.js';
export { EventValues };

/** What lies in time around a unit's events: since its first exposure, or so many days before it. */
type Period = { readonly stoppedAt: Date | null } | { readonly daysBefore: number };

const all = (clauses: readonly string[]): string => clauses.join(' and ');

/** Which events a selection takes, whenever they happened. */
function selectionOf(
  { events, where }: EventSelection,
  values: EventValues,
  { scope }: Pick<Measure, 'scope'>,
): string[] {
  return [
    values.isOutcome(events, scope === 'decision'),
    ...(where ?? []).map((condition) => conditionSql(condition, values)),
  ];
}

/** What belongs to the experiment and lies in the time that a measure covers. */
function scopeOf(measure: Measure, calendarDays: boolean, period: Period, values: EventValues): string[] {
  const clauses: string[] = [];
  if (measure.scope === 'decision') clauses.push('ev.attributed');
  if (measure.withinHours !== undefined)
    clauses.push(
      `ev.at >= ev.decided_at`,
      `ev.at <= ev.decided_at + ${values.add(measure.withinHours, 'double')}::double precision * interval '1 hour'`,
    );
  if ('stoppedAt' in period) {
    clauses.push('ev.at >= ev.first_at');
    if (measure.days) {
      const day = calendarDays ? 'ev.calendar_day' : 'ev.day';
      clauses.push(`${day} >= ${Number(measure.days[0])}`, `${day} < ${Number(measure.days[1])}`);
    } else if (measure.withinHours === undefined && period.stoppedAt !== null) {
      // What has no end of its own ends with the experiment: afterwards all arms get the same.
      clauses.push(`ev.at < ${values.add(period.stoppedAt)}::timestamptz`);
    }
  } else {
    clauses.push(
      'ev.at < ev.first_at',
      `ev.at >= ev.first_at - make_interval(days => ${Number(period.daysBefore)})`,
    );
  }
  return clauses;
}

/** Which rows of `ev` (one unit's events) a measure reads; see unit-values.ts for the columns. */
function filterOf(measure: Measure, calendarDays: boolean, period: Period, values: EventValues): string {
  const selected =
    measure.fold === 'exposures'
      ? [
          values.isExposure(measure.scope === 'decision'),
          ...(measure.where ?? []).map((condition) => conditionSql(condition, values)),
        ]
      : selectionOf(measure, values, measure);
  return all([...selected, ...scopeOf(measure, calendarDays, period, values)]);
}

const scaled = (sql: string, { scale }: Measure): string =>
  `(${sql})::double precision * ${Number(scale ?? 1)}::double precision`;

/** Days from first exposure to the first of some events, in whole minutes; null where there was none. */
const daysToFirst = (filter: string): string =>
  `floor(extract(epoch from min(ev.at - ev.first_at) filter (where ${filter})) / 60)::double precision / 1440`;

/** The number that a measure makes of one unit's events. */
function aggregateOf(measure: Measure, calendarDays: boolean, period: Period, values: EventValues): string {
  const filter = filterOf(measure, calendarDays, period, values);
  switch (measure.fold) {
    case 'count':
      return scaled(`count(*) filter (where ${filter})`, measure);
    case 'exposures':
      // A decision is seen once however often its exposure is reported.
      return scaled(`count(distinct ev.decision_id) filter (where ${filter})`, measure);
    case 'sum':
      return scaled(`coalesce(sum(${summand(measure, values)}) filter (where ${filter}), 0)`, measure);
    case 'any':
      return scaled(`(count(*) filter (where ${filter}) > 0)::integer`, measure);
    case 'distinct-days':
      return scaled(`count(distinct ev.calendar_day) filter (where ${filter})`, measure);
    case 'first':
      return `coalesce(${daysToFirst(filter)}, 0)`;
  }
}

/** Letters of the sets of steps that one event can be, by their bits: up to 5 steps, 31 sets. */
const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcde';

/** Sets of steps that contain a step, as a class of a regular expression. */
const lettersWith = (step: number): string =>
  `[${[...LETTERS].filter((_, i) => (((i + 1) >> step) & 1) === 1).join('')}]`;

/**
 * Whether a unit took steps in order, each with an event of its own: its events in the order of time become a word of
 * letters, and the steps a regular expression over it. Events of the same instant count in the order of the steps.
 */
function stepsInOrder(
  metric: MetricDefinition,
  after: Period,
  values: EventValues,
): { readonly all: string; readonly before: string } {
  const { numerator } = metric;
  const before = metric.after ?? [];
  const scope = all(scopeOf(numerator, false, after, values));
  const bits = [...before, numerator].map(
    (step, i) => `case when ${all(selectionOf(step, values, numerator))} then ${1 << i} else 0 end`,
  );
  const set = `(${bits.join(' + ')})`;
  const word = `coalesce(string_agg(substr('${LETTERS}', ${set}, 1), '' order by ev.at, ${set}) filter (where ${scope} and ${set} > 0), '')`;
  const taken = (steps: number): string => {
    const pattern = Array.from({ length: steps }, (_, i) => lettersWith(i)).join('.*');
    return `(${word} ~ ${values.add(pattern)}::text)::integer::double precision`;
  };
  return { all: taken(before.length + 1), before: taken(before.length) };
}

/** What a metric without denominator or covariate has in their place. */
const CONSTANT = { one: '1::double precision', zero: '0::double precision' } as const;

/** Winsorised at a fixed value; a cap at a quantile of all units is applied to the stored numbers (unit-level.ts). */
function capped(sql: string, { cap }: MetricDefinition): string {
  return cap && 'atMost' in cap ? `least(${sql}, ${Number(cap.atMost)}::double precision)` : sql;
}

export interface UnitColumns {
  readonly y: string;
  readonly d: string;
  readonly x: string;
}

/**
 * SQL for one unit's numerator, denominator and covariate of a metric, over the rows of `ev`, which has the column `code`
 * (`values.codeOfEvent`).
 * @param stoppedAt when the experiment stopped: measures without an end of their own (a window of days, hours after the
 * decision) count only what happened before; null while it goes on.
 */
export function unitColumns(
  metric: MetricDefinition,
  values: EventValues,
  stoppedAt: Date | null = null,
): UnitColumns {
  const after: Period = { stoppedAt };
  const { numerator, denominator, covariateDays } = metric;
  const calendar = isCalendar(metric.kind);
  if (metric.kind === 'funnel') {
    const steps = stepsInOrder(metric, after, values);
    return { y: steps.all, d: steps.before, x: CONSTANT.zero };
  }
  if (metric.kind === 'time-to-event') {
    const filter = filterOf(numerator, false, after, values);
    return {
      y: `coalesce(${daysToFirst(filter)}, 0)`,
      d: `(count(*) filter (where ${filter}) > 0)::integer::double precision`,
      x: CONSTANT.zero,
    };
  }
  return {
    y: capped(aggregateOf(numerator, calendar, after, values), metric),
    d: denominator ? aggregateOf(denominator, calendar, after, values) : CONSTANT.one,
    x:
      covariateDays === undefined
        ? CONSTANT.zero
        : capped(aggregateOf(numerator, calendar, { daysBefore: covariateDays }, values), metric),
  };
}

/** Whether units have a denominator and a covariate of their own; those that have none share a constant. */
export function ownParts(metric: MetricDefinition): { readonly d: boolean; readonly x: boolean } {
  const { d, x } = unitColumns(metric, new EventValues());
  return { d: d !== CONSTANT.one, x: x !== CONSTANT.zero };
}

/** Longest pre-period that any of the metrics reads, in days. */
export const longestPrePeriod = (metrics: readonly MetricDefinition[]): number =>
  Math.max(0, ...metrics.map((metric) => metric.covariateDays ?? 0));
