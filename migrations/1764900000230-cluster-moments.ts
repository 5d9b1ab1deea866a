import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Moments of past days of experiments that assign by cluster were those of units, whose intervals are too narrow. The
 * roll-up keeps those of clusters from now on; what is kept of days before would be compared with them.
 */
export class ClusterMoments1764900000230 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      `delete from moments_daily where experiment in (select key from experiment where cluster_by is not null)`,
    );
  }

  async down(): Promise<void> {
    throw new Error('Migrations are forward-only; restore a backup to go back');
  }
}
