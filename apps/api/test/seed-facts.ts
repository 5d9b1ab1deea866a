import type { TestDatabase } from './postgres.js';

/** A unit as the rollup would enter it. Times are Unix milliseconds. */
export interface SeededUnit {
  readonly unitId: string;
  readonly arm: string;
  readonly firstAt: number;
  readonly crossover?: boolean;
  /** Days after the day of first exposure (UTC) with activity, 0 to 62. */
  readonly activeDays?: readonly number[];
}

export interface SeededOutcome {
  readonly unitId: string;
  readonly name: string;
  readonly at: number;
  readonly value?: number;
}

const chunks = <T>(list: readonly T[], size: number): T[][] =>
  Array.from({ length: Math.ceil(list.length / size) }, (_, i) => list.slice(i * size, (i + 1) * size));

/** A started experiment with equal arms, the first of them its control. */
export async function seedExperiment(
  { database }: TestDatabase,
  key: string,
  arms: readonly string[],
  startedAt: number,
): Promise<void> {
  await database.query(
    `insert into surface (key, title, kind) values ('home', 'Home', 'value') on conflict do nothing`,
  );
  await database.query(`insert into layer (key, title, salt) values ('l', 'L', 'l') on conflict do nothing`);
  const body = arms.map((arm, i) => ({
    key: arm,
    title: arm,
    weight: 1,
    isControl: i === 0,
    treatment: { kind: 'value', value: i },
  }));
  await database.query(
    `insert into experiment (key, title, surface, status, layer, layer_from, layer_to, traffic, arms, salt, started_at)
     values ($1, $1, 'home', 'running', 'l', 0, 1, 1, $2::jsonb, $1, $3)`,
    [key, JSON.stringify(body), new Date(startedAt)],
  );
}

/** Puts units into the rollup as they are. */
export async function seedUnits(
  { database }: TestDatabase,
  experiment: string,
  units: readonly SeededUnit[],
): Promise<void> {
  for (const some of chunks(units, 2000)) {
    await database.query(
      `with seeded as (
         select * from unnest($2::text[], $3::text[], $4::timestamptz[], $5::boolean[], $6::bigint[]) u (unit, arm, at, crossover, days)),
       numbers as (
         insert into unit_values (experiment, unit_id, active_days, measures) select $1, unit, days, '{}' from seeded)
       insert into experiment_unit (experiment, unit_id, arm, first_at, entered_on, crossover, left_out)
       select $1, unit, arm, at, (at at time zone 'UTC')::date, crossover, case when crossover then 'two-arms' end from seeded`,
      [
        experiment,
        some.map(({ unitId }) => unitId),
        some.map(({ arm }) => arm),
        some.map(({ firstAt }) => new Date(firstAt)),
        some.map(({ crossover = false }) => crossover),
        some.map(({ activeDays = [] }) =>
          [...new Set(activeDays)].reduce((bits, day) => bits | (1n << BigInt(day)), 0n).toString(),
        ),
      ],
    );
  }
}

let ids = 0;

/** Stores outcomes as the worker would. */
export async function seedOutcomes(
  { database }: TestDatabase,
  outcomes: readonly SeededOutcome[],
): Promise<void> {
  if (outcomes.length === 0) return;
  const times = outcomes.map(({ at }) => at);
  const day = (pick: (a: number, b: number) => number): Date => new Date(times.reduce(pick));
  await database.query(
    `select ensure_partitions(($1::timestamptz at time zone 'UTC')::date, ($2::timestamptz at time zone 'UTC')::date)`,
    [day((a, b) => Math.min(a, b)), day((a, b) => Math.max(a, b))],
  );
  for (const some of chunks(outcomes, 5000)) {
    await database.query(
      `insert into event (id, at, received_at, unit_id, kind, name, value)
       select id, at, at, unit, 'outcome', name, value
         from unnest($1::text[], $2::timestamptz[], $3::text[], $4::text[], $5::double precision[]) e (id, at, unit, name, value)`,
      [
        some.map(() => `seeded-${ids++}`),
        some.map(({ at }) => new Date(at)),
        some.map(({ unitId }) => unitId),
        some.map(({ name }) => name),
        some.map(({ value = null }) => value),
      ],
    );
  }
}
