import { Inject, Injectable } from '@nestjs/common';
import type { Arm } from '#experiments';
import { Database } from '../persistence/database.js';

/** Days over which the traffic of a surface is observed. */
export const WINDOW_DAYS = 14;

export interface PastExperiment {
  readonly key: string;
  readonly title: string;
  readonly arms: readonly Arm[];
}

/** What is known of a surface before an experiment starts on it. */
@Injectable()
export class PowerStore {
  constructor(@Inject(Database) private readonly db: Database) {}

  /**
   * Distinct units that a surface served, cumulative by whole days since `window days` before `now`. Empty: none. Days
   * before the first decision are left out, so that a surface that is new is not taken for one without traffic.
   */
  async growth(surface: string, now: Date): Promise<number[]> {
    const rows = await this.db.query<{ day: number; units: string }>(
      `select first_day as day, count(*) as units from (
         select unit_id, floor(extract(epoch from ($2::timestamptz - min(at))) / 86400)::int as first_day
           from decision
          where surface = $1 and at <= $2 and at > $2::timestamptz - make_interval(days => $3)
          group by unit_id) as first_seen
        group by first_day order by first_day desc`,
      [surface, now, WINDOW_DAYS],
    );
    const oldest = rows[0]?.day;
    if (oldest === undefined) return [];
    const fresh = new Map(rows.map(({ day, units }) => [day, Number(units)]));
    const cumulative: number[] = [];
    for (let day = oldest; day >= 0; day--)
      cumulative.push((cumulative[cumulative.length - 1] ?? 0) + (fresh.get(day) ?? 0));
    return cumulative;
  }

  /**
   * The experiment to learn a metric's baseline from: the one named, else the newest on the surface that has it. None
   * that assigned by cluster: its moments are of clusters.
   */
  async past(
    metric: string,
    surface: string | null,
    experiment: string | null,
  ): Promise<PastExperiment | null> {
    const [row] = await this.db.query<PastExperiment>(
      `select e.key, e.title, e.arms from experiment e
        where e.cluster_by is null and ($2::text is null or e.surface = $2) and ($3::text is null or e.key = $3)
          and exists (select 1 from moments_cohort m where m.experiment = e.key and m.metric = $1)
        order by e.started_at desc nulls last, e.key limit 1`,
      [metric, experiment === null ? surface : null, experiment],
    );
    return row ?? null;
  }
}
