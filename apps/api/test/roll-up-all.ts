import { setTimeout as sleep } from 'node:timers/promises';
import type { Database } from '../src/persistence/database.js';
import { RollUp } from '../src/rollups/roll-up.js';

/**
 * Rolls up until everything stored so far has been taken: transactions of other databases on the same server that are
 * still open put facts off to a later run.
 */
export async function rollUpAll(database: Database, now: Date): Promise<void> {
  const rollUp = new RollUp(database);
  const [stored] = await database.query<{ id: string }>(`select pg_current_xact_id()::text as id`);
  for (;;) {
    await rollUp.run(now);
    const [state] = await database.query<{ through: string }>(
      `select through::text as through from rollup_state where name = 'facts'`,
    );
    if (BigInt(state?.through ?? 0) > BigInt(stored?.id ?? 0)) return;
    await sleep(100);
  }
}
