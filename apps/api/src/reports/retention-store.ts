import { Inject, Injectable } from '@nestjs/common';
import type { ArmFollowUp } from '#metrics';
import { Database } from '../persistence/database.js';

/** unit_values.active_days has the days 0 to 62. */
export const LAST_BIT = 62;

/** Days [from, through] after the day of first exposure, within 0..62. */
export interface DayRange {
  readonly from: number;
  readonly through: number;
}

/** Units of one arm that entered on the same day. */
export interface Cohort {
  readonly arm: string;
  /** YYYY-MM-DD, UTC. */
  readonly enteredOn: string;
  readonly units: number;
  /** Per day range: units active on at least one of its days. */
  readonly active: readonly number[];
}

const maskOf = ({ from, through }: DayRange): bigint =>
  ((1n << BigInt(through - from + 1)) - 1n) << BigInt(from);

/** What retention and churn read: days with activity from the rollups, first outcomes from the events. */
@Injectable()
export class RetentionStore {
  constructor(@Inject(Database) private readonly db: Database) {}

  /**
   * Units in one arm only that were exposed until `asOf`, by arm and day of entry, and how many of them were active in
   * each range of days. Activity after the day `through` does not count.
   */
  async cohorts(key: string, ranges: readonly DayRange[], asOf: Date, through: string): Promise<Cohort[]> {
    const counts = ranges.map((range) => `count(*) filter (where days & ${maskOf(range)} <> 0)`).join(', ');
    const rows = await this.db.query<{ arm: string; entered_on: string; units: string; active: string[] }>(
      `select arm, entered_on::text, count(*) as units, array[${counts}]::text[] as active
         from (select arm, entered_on,
                      -- The low bits up to the last complete day; all 63 of them at most.
                      coalesce(active_days, 0) & (9223372036854775807 >> (62 - greatest(-1, least(62, $3::date - entered_on)))) as days
                 from experiment_unit left join unit_values using (experiment, unit_id)
                where experiment = $1 and left_out is null and first_at <= $2) u
        group by arm, entered_on order by arm, entered_on`,
      [key, asOf, through],
    );
    return rows.map((row) => ({
      arm: row.arm,
      enteredOn: row.entered_on,
      units: Number(row.units),
      active: row.active.map(Number),
    }));
  }

  /**
   * Days from first exposure to the first outcome of this name, by arm. Day n is the n-th 24 hours. A unit without the
   * outcome is censored on its last whole day before `asOf`; an outcome in a day that is not over does not count yet,
   * since units that are still without it on that day could not be compared. Units that entered before `since` are left
   * out: their events may be gone.
   */
  async timeToEvent(key: string, event: string, asOf: Date, since: Date): Promise<ArmFollowUp[]> {
    const rows = await this.db.query<{ arm: string; day: number; events: string; censored: string }>(
      `with u as materialized (
         select unit_id, arm, first_at, floor(extract(epoch from $3::timestamptz - first_at) / 86400)::int as followed
           from experiment_unit
          where experiment = $1 and left_out is null and first_at <= $3 and first_at >= $4),
       happened as (
         select u.unit_id, min(floor(extract(epoch from e.at - u.first_at) / 86400)::int + 1) as day
           from event e join u on u.unit_id = e.unit_id and e.at >= u.first_at
          where e.kind = 'outcome' and e.name = $2 and e.at <= $3 and e.at >= $4
          group by u.unit_id)
       select arm, day, count(*) filter (where event) as events, count(*) filter (where not event) as censored
         from (select u.arm, coalesce(h.day <= u.followed, false) as event, least(h.day, u.followed) as day
                 from u left join happened h using (unit_id)) ended
        group by arm, day order by arm, day`,
      [key, event, asOf, since],
    );
    return rows.map(({ arm, day, events, censored }) => ({
      arm,
      day,
      events: Number(events),
      censored: Number(censored),
    }));
  }

  /** When the experiment stopped and when its first unit was exposed; null where it has not. */
  async span(key: string): Promise<{ readonly stoppedAt: Date | null; readonly firstAt: Date | null }> {
    const [row] = await this.db.query<{ stoppedAt: Date | null; firstAt: Date | null }>(
      `select stopped_at as "stoppedAt", (select min(first_at) from experiment_unit where experiment = $1) as "firstAt"
         from experiment where key = $1`,
      [key],
    );
    return { stoppedAt: row?.stoppedAt ?? null, firstAt: row?.firstAt ?? null };
  }
}
