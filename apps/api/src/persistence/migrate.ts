import { createDataSource } from './data-source.js';

/** Applies every pending migration, one transaction each, under a lock so that two processes may try. */
export async function migrate(url: string): Promise<readonly string[]> {
  const source = createDataSource(url, { poolSize: 2, name: 'marquee-migrate' });
  await source.initialize();
  const runner = source.createQueryRunner();
  try {
    await runner.query(`select pg_advisory_lock(hashtext('marquee.migrate'))`);
    const applied = await source.runMigrations({ transaction: 'each' });
    await runner.query(`select pg_advisory_unlock(hashtext('marquee.migrate'))`);
    return applied.map((migration) => migration.name);
  } finally {
    await runner.release();
    await source.destroy();
  }
}
