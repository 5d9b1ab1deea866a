import type { Sql } from '../persistence/database.js';
import { keepUnits } from '../persistence/kept-units.js';
import type { ExperimentStore } from './experiment-store.js';

/** Decisions are counted once they are this old: by then they have been stored. */
const SETTLED_MS = 60_000;
const EVERY_MS = 5 * 60_000;
/** After an outage of the worker, not more than this is counted at once. */
const LONGEST_MS = 3_600_000;
const KEPT_DAYS = 15;
/** How long after a change units are looked for that had entered before it. */
const LATE_MINUTES = 15;

const LAST = `
select e.key, max(t.until) as until from experiment e left join traffic_sample t on t.experiment = e.key
 where e.status = 'running' group by e.key`;
const COUNT = `
insert into traffic_sample (experiment, since, until, decisions)
select $1, $2::timestamptz, $3::timestamptz, count(*) from decision where experiment = $1 and at >= $2 and at < $3
on conflict do nothing`;

/**
 * Counts the decisions of each running experiment since its last sample, every five minutes. Each decision is read once.
 * @returns how many experiments were sampled.
 */
export async function sampleTraffic(db: Sql, now: Date): Promise<number> {
  const until = now.getTime() - SETTLED_MS;
  const due = (await db.query<{ key: string; until: Date | null }>(LAST)).filter(
    (row) => row.until === null || until - row.until.getTime() >= EVERY_MS,
  );
  for (const row of due) {
    const since = row.until?.getTime() ?? until - EVERY_MS;
    await db.query(COUNT, [row.key, new Date(Math.max(since, until - LONGEST_MS)), new Date(until)]);
  }
  if (due.length > 0)
    await db.query(`delete from traffic_sample where until < $1::timestamptz - make_interval(days => $2)`, [
      now,
      KEPT_DAYS,
    ]);
  return due.length;
}

/** Units whose first exposure came in after a change that keeps units, though they were assigned before. */
export async function keepLateUnits(
  db: { transaction<T>(work: (tx: Parameters<ExperimentStore['lock']>[0]) => Promise<T>): Promise<T> } & Sql,
  store: ExperimentStore,
  now: Date,
): Promise<void> {
  const rows = await db.query<{ key: string; phase: number; at: Date; all: boolean }>(
    `select p.experiment as key, p.phase, p.started_at as at, p.targeting is distinct from b.targeting as all
       from experiment_phase p join experiment_phase b on b.experiment = p.experiment and b.phase = p.phase - 1
      where p.keeps_units and p.ended_at is null and p.started_at > $1::timestamptz - make_interval(mins => $2)`,
    [now, LATE_MINUTES],
  );
  for (const { key, phase, at, all } of rows) {
    await db.transaction(async (tx) => {
      const experiment = await store.lock(tx, key);
      await keepUnits(tx, experiment, {
        beforePhase: phase,
        all,
        since: new Date(at.getTime() - 86_400_000),
      });
    });
  }
}
