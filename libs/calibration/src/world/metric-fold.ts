import { fromValues } from '#metrics';
import type { Measure, MetricDefinition, ReportCell } from '#metrics';
import { DAY, OUTCOMES, START } from './behaviour.js';
import type { Outcome, Sink } from './behaviour.js';

const { floor } = Math;

/** Adds what one measure reads of the events of all units into one number per unit. */
interface Reader {
  readonly measure: Measure;
  readonly calendarDays: boolean;
  /** Days before first exposure that are read instead of the time since; null: the time since. */
  readonly daysBefore: number | null;
  readonly sums: Float64Array;
}

interface MetricColumns {
  readonly definition: MetricDefinition;
  readonly y: Reader;
  readonly d: Reader | null;
  readonly x: Reader | null;
}

/** The units of an experiment as the metrics need them. */
export interface Enrolled {
  /** First exposure of each unit, Unix milliseconds. */
  readonly firstAt: Float64Array;
  /** Index of each unit's arm. */
  readonly arm: Uint8Array;
}

const dayIndex = (at: number): number => floor((at - START) / DAY);

function readerOf(
  measure: Measure,
  metric: MetricDefinition,
  units: number,
  daysBefore: number | null,
): Reader {
  if (measure.fold === 'distinct-days') throw new Error(`${metric.key}: distinct days are not simulated`);
  return { measure, calendarDays: metric.kind === 'retention', daysBefore, sums: new Float64Array(units) };
}

function isInTime(reader: Reader, firstAt: number, at: number): boolean {
  if (reader.daysBefore !== null) return at < firstAt && at >= firstAt - reader.daysBefore * DAY;
  if (at < firstAt) return false;
  const { days } = reader.measure;
  if (!days) return true;
  const day = reader.calendarDays ? dayIndex(at) - dayIndex(firstAt) : floor((at - firstAt) / DAY);
  return day >= days[0] && day < days[1];
}

/**
 * Metric definitions over a stream of events, in memory: the same numbers that the rollups compute in SQL, which
 * their tests hold against each other.
 */
export class MetricFold implements Sink {
  private readonly columns: readonly MetricColumns[];
  private readonly byOutcome: ReadonlyMap<string, readonly Reader[]>;
  private readonly byExposure: readonly Reader[];

  constructor(
    metrics: readonly MetricDefinition[],
    private readonly units: Enrolled,
  ) {
    const n = units.firstAt.length;
    this.columns = metrics.map((definition) => ({
      definition,
      y: readerOf(definition.numerator, definition, n, null),
      d: definition.denominator ? readerOf(definition.denominator, definition, n, null) : null,
      x:
        definition.covariateDays === undefined
          ? null
          : readerOf(definition.numerator, definition, n, definition.covariateDays),
    }));
    const readers = this.columns.flatMap(({ y, d, x }) => [y, d, x]).filter((reader) => reader !== null);
    this.byExposure = readers.filter(({ measure }) => measure.fold === 'exposures');
    this.byOutcome = new Map(
      OUTCOMES.map((name) => [
        name,
        readers.filter(({ measure }) => measure.fold !== 'exposures' && measure.events.includes(name)),
      ]),
    );
  }

  exposure(unit: number, at: number): void {
    for (const reader of this.byExposure) this.read(reader, unit, at, 1);
  }

  outcome(unit: number, at: number, name: Outcome, value: number, decision: number): void {
    for (const reader of this.byOutcome.get(name) as readonly Reader[]) {
      const { fold, scope } = reader.measure;
      if (scope === 'decision' && decision < 0) continue;
      this.read(reader, unit, at, fold === 'sum' ? value : 1);
    }
  }

  private read(reader: Reader, unit: number, at: number, value: number): void {
    if (!isInTime(reader, this.units.firstAt[unit] as number, at)) return;
    reader.sums[unit] = reader.measure.fold === 'any' ? 1 : (reader.sums[unit] as number) + value;
  }

  /**
   * Moments per metric and arm of the units that are mature at the end of a day.
   * @param day index of the day since START; @param arms keys in the order of the arms' indices.
   */
  cells(day: number, arms: readonly string[]): ReportCell[] {
    return this.columns.flatMap((columns) => {
      const lastDay = lastMatureDay(columns.definition, day);
      return arms.map((arm, index): ReportCell => {
        const members = this.membersOf(index, day, lastDay);
        const values = (reader: Reader): Float64Array => {
          const { scale = 1 } = reader.measure;
          return Float64Array.from(members, (unit) => (reader.sums[unit] as number) * scale);
        };
        const moments = fromValues(
          values(columns.y),
          columns.d ? values(columns.d) : undefined,
          columns.x ? values(columns.x) : undefined,
        );
        return { metric: columns.definition.key, arm, moments };
      });
    });
  }

  /** Units of an arm that entered up to the end of `day` and not after `lastDay`. */
  private membersOf(arm: number, day: number, lastDay: number): Int32Array {
    const members = new Int32Array(this.units.arm.length);
    const end = START + Math.min(day, lastDay) * DAY + DAY;
    let n = 0;
    for (let unit = 0; unit < members.length; unit++)
      if (this.units.arm[unit] === arm && (this.units.firstAt[unit] as number) < end) members[n++] = unit;
    return members.subarray(0, n);
  }

  unitsOf(arm: number, day: number): number {
    return this.membersOf(arm, day, day).length;
  }
}

/** Last entry day whose units are mature at the midnight that ends `day`; see "maturity" in the glossary. */
function lastMatureDay({ maturityDays, kind }: MetricDefinition, day: number): number {
  if (maturityDays === 0) return day;
  return day + 1 - (kind === 'retention' ? maturityDays : maturityDays + 1);
}
