import { Inject, Injectable } from '@nestjs/common';
import type { ArmSurrogates, HistoricalData } from '#metrics';
import { Database } from '../persistence/database.js';

/** Days 0 to 7 after first exposure are early: what a forecast may look at. */
export const SIGNAL_DAYS = 7;

/** What a unit did on its early days; the order is that of the numbers below. */
export const SIGNALS = [
  { key: 'active-days', title: 'active days' },
  { key: 'watch-minutes', title: 'minutes watched' },
  { key: 'sessions', title: 'sessions' },
] as const;

/** Early signals of one arm's units. */
export interface ArmSignals extends ArmSurrogates {
  readonly arm: string;
}

/** Units of one past arm with early signals and whether they were active on the later day. */
export interface PastArm {
  readonly experiment: string;
  readonly arm: string;
  readonly data: HistoricalData;
}

/**
 * Per unit of `u` (unit_id, first_at, entered_on, active_days) the signals s0, s1, s2. Events are read unit by unit, so
 * that only the partitions of its own first days are looked at.
 */
const WITH_SIGNALS = `
  select u.*, bit_count((u.active_days & 255)::bit(8))::double precision as s0, s.minutes as s1, s.sessions as s2
    from u cross join lateral (
      select coalesce(sum(e.value) filter (where e.name = 'watch'), 0) / 60 as minutes,
             (count(*) filter (where e.name = 'session_start'))::double precision as sessions
        from event e
       where e.unit_id = u.unit_id and e.kind = 'outcome' and e.name in ('watch', 'session_start')
         and e.at >= u.first_at and e.at < u.early_until) s`;

/** Units in one arm only that entered until a day, at most $limit of each arm, always the same ones. */
const sampled = (where: string, limit: string): string => `
  select experiment, arm, unit_id, first_at, active_days, early_until
    from (select experiment, arm, unit_id, first_at, active_days,
                 ((entered_on + ${SIGNAL_DAYS + 1})::timestamp at time zone 'UTC') as early_until,
                 row_number() over (partition by experiment, arm order by hashtext(unit_id), unit_id) as nth
            from experiment_unit join unit_values using (experiment, unit_id) where left_out is null and ${where}) numbered
   where nth <= ${limit}`;

/** Reads early signals and later activity of units, for forecasts. */
@Injectable()
export class SignalStore {
  constructor(@Inject(Database) private readonly db: Database) {}

  /**
   * Experiments other than this one on the same kind of unit, newest first, that have at least `units` units in each
   * of two arms who entered until `lastEntry` and since `since`.
   */
  async pastExperiments(
    key: string,
    lastEntry: string,
    since: Date,
    { units, most }: { readonly units: number; readonly most: number },
  ): Promise<readonly { readonly key: string; readonly control: string }[]> {
    return this.db.query<{ key: string; control: string }>(
      `select x.key, c.arm as control
         from experiment x
         cross join lateral (
           select a ->> 'key' as arm from jsonb_array_elements(x.arms) a where (a ->> 'isControl')::boolean limit 1) c
        where x.key <> $1 and x.started_at is not null
          and x.unit_type = (select unit_type from experiment where key = $1)
          and exists (select from experiment_unit u where u.experiment = x.key and u.arm = c.arm
                         and u.left_out is null and u.entered_on <= $2::date and u.first_at >= $3 having count(*) >= $4)
          and exists (select from experiment_unit u where u.experiment = x.key and u.arm <> c.arm
                         and u.left_out is null and u.entered_on <= $2::date and u.first_at >= $3
                       group by u.arm having count(*) >= $4)
        order by x.started_at desc, x.key limit $5`,
      [key, lastEntry, since, units, most],
    );
  }

  /** Sampled units of experiments whose day `day` is over, who entered until `lastEntry` and since `since`. */
  async past(
    keys: readonly string[],
    day: number,
    entered: { readonly until: string; readonly since: Date },
    perArm: number,
  ): Promise<PastArm[]> {
    const rows = await this.db.query<{
      experiment: string;
      arm: string;
      s0: number[];
      s1: number[];
      s2: number[];
      y: number[];
    }>(
      `with u as materialized (${sampled('experiment = any($1) and entered_on <= $2::date and first_at >= $3', '$4')})
       select experiment, arm, array_agg(s0) as s0, array_agg(s1) as s1, array_agg(s2) as s2,
              array_agg(((active_days >> $5) & 1)::double precision) as y
         from (${WITH_SIGNALS}) signals group by experiment, arm order by experiment, arm`,
      [keys, entered.until, entered.since, perArm, day],
    );
    return rows.map(({ experiment, arm, s0, s1, s2, y }) => ({
      experiment,
      arm,
      data: { surrogates: [s0, s1, s2], outcome: y },
    }));
  }

  /** Early signals of an experiment's arms, as means and co-moments over sampled units who entered until `lastEntry`. */
  async present(key: string, lastEntry: string, perArm: number): Promise<ArmSignals[]> {
    const pairs = SIGNALS.flatMap((_, a) => SIGNALS.map((__, b) => `regr_sxy(s${a}, s${b})`));
    const rows = await this.db.query<{ arm: string; n: string; mean: number[]; comoment: number[] }>(
      `with u as materialized (${sampled('experiment = $1 and entered_on <= $2::date', '$3')})
       select arm, count(*) as n, array[${SIGNALS.map((_, j) => `avg(s${j})`).join(', ')}] as mean,
              array[${pairs.join(', ')}] as comoment
         from (${WITH_SIGNALS}) signals group by arm order by arm`,
      [key, lastEntry, perArm],
    );
    return rows.map(({ arm, n, mean, comoment }) => ({
      arm,
      n: Number(n),
      mean,
      comoment: Float64Array.from(comoment),
    }));
  }
}
