import type { Transaction } from '../persistence/database.js';

const PARTS = ['moments_cohort', 'moments_daily', 'experiment_trend', 'event_rate'];

/**
 * After the units of an experiment were dealt anew: what entered in earlier phases leaves the rollups, and comes in no more,
 * so that nobody counts in two arms. Units that entered since are computed anew.
 * @param tx of a roll-up that has taken its exposures. @returns the experiments that this was done for.
 */
export async function countAnew(tx: Transaction): Promise<readonly string[]> {
  await tx.query(
    `delete from fresh_entry f using experiment x
      where x.key = f.experiment and x.counted_from_phase > 1 and coalesce(f.phase, 0) < x.counted_from_phase`,
  );
  const rows = await tx.query<{ key: string; from: number }>(
    'select key, counted_from_phase as from from experiment where counts_anew order by key for update',
  );
  for (const { key, from } of rows) {
    await tx.query(
      `with gone as (
         delete from experiment_unit where experiment = $1 and coalesce(phase, 0) < $2 returning unit_id)
       delete from unit_values v using gone where v.experiment = $1 and v.unit_id = gone.unit_id`,
      [key, from],
    );
    // What went wrong before says nothing of the arm that a unit has now.
    await tx.query(
      `delete from assignment_fault f using experiment_phase p
        where f.experiment = $1 and p.experiment = $1 and p.phase = $2 and f.at < p.started_at`,
      [key, from],
    );
    for (const part of PARTS) await tx.query(`delete from ${part} where experiment = $1`, [key]);
  }
  return rows.map(({ key }) => key);
}

/** Experiments whose units all have to be computed: read before `countedAnew`. */
export const COUNTS_ANEW = 'x.counts_anew';

/** At the end of the roll-up, for what `countAnew` did: an experiment may have been dealt anew meanwhile. */
export const countedAnew = (tx: Transaction, keys: readonly string[]): Promise<unknown> =>
  keys.length === 0
    ? Promise.resolve()
    : tx.query('update experiment set counts_anew = false where key = any($1)', [keys]);
