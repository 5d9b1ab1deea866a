import type { Measure, MetricDefinition } from '#metrics';

/**
 * Positional parameters of one statement: every text of a definition travels as a value, never as SQL. Equal values
 * share a parameter, so that PostgreSQL sees equal aggregates and computes them once.
 */
export class Values {
  readonly list: unknown[] = [];
  private readonly known = new Map<string, string>();

  add(value: unknown): string {
    const text = JSON.stringify(value);
    const known = this.known.get(text);
    if (known !== undefined) return known;
    this.list.push(value);
    const place = `$${this.list.length}`;
    this.known.set(text, place);
    return place;
  }
}

type Period = 'after' | { readonly daysBefore: number };

/** Which rows of `ev` (one unit's events) a measure reads; see ROWS in roll-up.ts for the columns. */
function filterOf(measure: Measure, calendarDays: boolean, period: Period, values: Values): string {
  const clauses: string[] = [];
  if (measure.fold === 'exposures') clauses.push(`ev.kind = 'exposure'`);
  else clauses.push(`ev.kind = 'outcome'`, `ev.name = any(${values.add([...measure.events])}::text[])`);
  if (measure.scope === 'decision') clauses.push('ev.attributed');
  if (period === 'after') {
    clauses.push('ev.at >= ev.first_at');
    if (measure.days) {
      const day = calendarDays ? 'ev.calendar_day' : 'ev.day';
      clauses.push(`${day} >= ${Number(measure.days[0])}`, `${day} < ${Number(measure.days[1])}`);
    }
  } else {
    clauses.push(
      'ev.at < ev.first_at',
      `ev.at >= ev.first_at - make_interval(days => ${Number(period.daysBefore)})`,
    );
  }
  return clauses.join(' and ');
}

/** The number that a measure makes of one unit's events. */
function aggregateOf(measure: Measure, calendarDays: boolean, period: Period, values: Values): string {
  const filter = filterOf(measure, calendarDays, period, values);
  const folded = {
    count: `count(*) filter (where ${filter})`,
    // A decision is seen once however often its exposure is reported.
    exposures: `count(distinct ev.decision_id) filter (where ${filter})`,
    sum: `coalesce(sum(ev.value) filter (where ${filter}), 0)`,
    any: `(count(*) filter (where ${filter}) > 0)::integer`,
    'distinct-days': `count(distinct ev.calendar_day) filter (where ${filter})`,
  }[measure.fold];
  return `(${folded})::double precision * ${Number(measure.scale ?? 1)}::double precision`;
}

/** What a metric without denominator or covariate has in their place. */
export const CONSTANT = { one: '1::double precision', zero: '0::double precision' } as const;

export interface UnitColumns {
  readonly y: string;
  readonly d: string;
  readonly x: string;
}

/** SQL for one unit's numerator, denominator and covariate of a metric, over the rows of `ev`. */
export function unitColumns(metric: MetricDefinition, values: Values): UnitColumns {
  const calendar = metric.kind === 'retention';
  return {
    y: aggregateOf(metric.numerator, calendar, 'after', values),
    d: metric.denominator ? aggregateOf(metric.denominator, calendar, 'after', values) : CONSTANT.one,
    x:
      metric.covariateDays === undefined
        ? CONSTANT.zero
        : aggregateOf(metric.numerator, calendar, { daysBefore: metric.covariateDays }, values),
  };
}

/** Longest pre-period that any of the metrics reads, in days. */
export const longestPrePeriod = (metrics: readonly MetricDefinition[]): number =>
  Math.max(0, ...metrics.map((metric) => metric.covariateDays ?? 0));
