import type { Arm } from '#experiments';
import type { ExcludableState } from '#metrics';
import type { Sql } from '../persistence/database.js';
import type { Population, Segment } from './report-store.js';

interface PopulationRow extends Record<string, unknown> {
  readonly arm: string;
  readonly phase: number;
  readonly day: string;
  readonly rule: ExcludableState | null;
  readonly units: number;
  readonly crossover: number;
  readonly first_at: Date;
  readonly weights: Arm[] | null;
}

const POPULATION = `
select u.arm, coalesce(u.phase, 0) as phase, u.entered_on::text as day, u.left_out as rule,
       count(*)::integer as units, (count(*) filter (where u.crossover))::integer as crossover,
       min(u.first_at) as first_at,
       (select p.arms from experiment_phase p where p.experiment = $1 and p.phase = u.phase) as weights
  from experiment_unit u
 where u.experiment = $1 and u.first_at <= $2 and ($3::text is null or u.attributes ->> $3 = $4)
 group by u.arm, u.phase, u.entered_on, u.left_out order by u.phase, u.entered_on, u.arm`;

/** Who was exposed, by arm and phase, up to a time. @param everybody counts also those whom rules leave out. */
export async function readPopulation(
  sql: Sql,
  key: string,
  asOf: Date,
  segment: Segment | null,
  everybody: boolean,
): Promise<Population> {
  const rows = await sql.query<PopulationRow>(POPULATION, [
    key,
    asOf,
    segment?.attribute ?? null,
    segment?.value ?? null,
  ]);
  const counted = everybody ? rows : rows.filter(({ rule }) => rule === null);
  const firsts = rows.map(({ first_at: at }) => at.getTime());
  return {
    perArm: sumBy(
      // An arm all of whose units are left out is known all the same.
      rows.map((row) => ({ ...row, units: everybody || row.rule === null ? row.units : 0 })),
      ({ arm }) => arm,
    ),
    crossover: rows.reduce((sum, row) => sum + row.crossover, 0),
    leftOut: everybody ? {} : leftOutOf(rows),
    everybody: { perArm: sumBy(rows, ({ arm }) => arm), entries: entriesOf(rows) },
    firstAt: firsts.length > 0 ? new Date(Math.min(...firsts)) : null,
    phases: phasesOf(counted),
    entries: entriesOf(counted),
  };
}

function sumBy<K>(rows: readonly PopulationRow[], by: (row: PopulationRow) => K): Map<K, number> {
  const sums = new Map<K, number>();
  for (const row of rows) sums.set(by(row), (sums.get(by(row)) ?? 0) + row.units);
  return sums;
}

const leftOutOf = (rows: readonly PopulationRow[]): Population['leftOut'] =>
  Object.fromEntries([...sumBy(rows, ({ rule }) => rule)].filter(([rule]) => rule !== null));

function phasesOf(rows: readonly PopulationRow[]): Population['phases'] {
  const weights = new Map(rows.map((row) => [row.phase, weightsOf(row.weights)]));
  return [...sumBy(rows, ({ phase }) => phase)].map(([phase, units]) => ({
    phase,
    units,
    weights: weights.get(phase) ?? {},
  }));
}

const entriesOf = (rows: readonly PopulationRow[]): Population['entries'] =>
  rows.map(({ phase, day, arm, units }) => ({ phase, day, arm, units }));

const weightsOf = (arms: readonly Arm[] | null): Record<string, number> =>
  Object.fromEntries((arms ?? []).map((arm) => [arm.key, arm.weight]));
