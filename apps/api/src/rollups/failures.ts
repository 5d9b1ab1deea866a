import { Logger } from '@nestjs/common';
import type { Transaction } from '../persistence/database.js';

const logger = new Logger('Rollup');

/**
 * Does the work for one experiment. If it fails, nothing of it stays, the experiment is noted to be computed anew by the
 * next run, and the others go on.
 * @returns whether it was done. @throws when the transaction itself is lost.
 */
export async function attempt(
  tx: Transaction,
  experiment: string,
  work: () => Promise<void>,
): Promise<boolean> {
  await tx.query('savepoint of_experiment');
  try {
    await work();
  } catch (error) {
    await tx.query('rollback to savepoint of_experiment');
    await tx.query('release savepoint of_experiment');
    await keepFailure(tx, experiment, error instanceof Error ? error.message : String(error));
    return false;
  }
  await tx.query('release savepoint of_experiment');
  await tx.query(`delete from rollup_failure where experiment = $1`, [experiment]);
  return true;
}

async function keepFailure(tx: Transaction, experiment: string, message: string): Promise<void> {
  logger.error(`"${experiment}" is not rolled up: ${message}`);
  await tx.query(
    `insert into rollup_failure (experiment, message) values ($1, $2)
     on conflict (experiment) do update set message = excluded.message, attempts = rollup_failure.attempts + 1, failed_at = now()`,
    [experiment, message],
  );
  await tx.query(
    `insert into counter (name, value) values ('rollup.experiments_failed', 1)
     on conflict (name) do update set value = counter.value + 1`,
  );
}
