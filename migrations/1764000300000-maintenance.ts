import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Finds old event ids without a scan of the whole table; rows lie in the order in which they came. */
export class Maintenance1764000300000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('create index event_seen_by_time on event_seen using brin (seen_at)');
  }

  async down(): Promise<void> {
    throw new Error('Migrations are forward-only; restore a backup to go back');
  }
}
