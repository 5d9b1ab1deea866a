import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * What exact replay of learning needs: the features that an action had when its reward was learned from, and a short
 * way to the rewards that wait to be learned (version 0; a positive version is the snapshot that first used it, and
 * -1 stands for policies that do not learn from rewards).
 */
export class Learning1764000200000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    // Features that the request gave for what was served, by action id; null where all came from the item table.
    await runner.query(`alter table decision add column features jsonb`);
    await runner.query(`alter table reward add column features jsonb`);
    await runner.query(`create index reward_backlog on reward (policy_id, decision_at) where version = 0`);
  }

  /** Forward-only: a fact once stored is never dropped by a migration. */
  async down(): Promise<void> {
    throw new Error('Migrations are forward-only; restore a backup to go back');
  }
}
