import type { MigrationInterface, QueryRunner } from 'typeorm';

/** `watched_again_at`: when a test that stayed quiet after an undo was allowed to act again. */
export class WatchedAgain1764900000225 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('alter table guardrail_breach add column watched_again_at timestamptz');
  }

  /** Forward-only: a fact once stored is never dropped by a migration. */
  async down(): Promise<void> {
    throw new Error('Migrations are forward-only; restore a backup to go back');
  }
}
