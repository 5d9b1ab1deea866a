import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Kept counts of events are of clusters where these were assigned: those of units are counted anew. */
export class ClusterRates1764900000252 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      `delete from event_rate where experiment in (select key from experiment where cluster_by is not null)`,
    );
  }

  async down(): Promise<void> {
    throw new Error('Migrations are forward-only; restore a backup to go back');
  }
}
