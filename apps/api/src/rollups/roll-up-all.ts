import { setTimeout as sleep } from 'node:timers/promises';
import type { Database } from '../persistence/database.js';
import { RollUp } from './roll-up.js';

/**
 * Rolls up until everything stored so far has been taken: transactions that are still open, also those of other databases
 * on the same server, put facts off to a later run.
 * @param withinMs after this long it gives up.
 * @returns whether everything was taken.
 */
export async function rollUpAll(db: Database, now: Date, withinMs = 60_000): Promise<boolean> {
  const rollUp = new RollUp(db);
  const deadline = Date.now() + withinMs;
  const [stored] = await db.query<{ id: string }>(`select pg_current_xact_id()::text as id`);
  for (;;) {
    await rollUp.run(now);
    const [state] = await db.query<{ through: string }>(
      `select through::text as through from rollup_state where name = 'facts'`,
    );
    if (BigInt(state?.through ?? 0) > BigInt(stored?.id ?? 0)) return true;
    if (Date.now() > deadline) return false;
    await sleep(100);
  }
}
