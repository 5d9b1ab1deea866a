import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * `decision.slice`: what a policy's decision is for besides serving (null: an ordinary one, which is learned from);
 * `decision.shadow`: what the policy's shadow would have done; `policy.shadow`: which policy, and which version of it.
 */
const COLUMNS = `
alter table decision add column slice text;
alter table decision add column shadow jsonb;
alter table policy add column shadow jsonb;
`;

export class ShadowAndSlices1764700000002 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(COLUMNS);
  }

  /** Forward-only: a fact once stored is never dropped by a migration. */
  async down(): Promise<void> {
    throw new Error('Migrations are forward-only; restore a backup to go back');
  }
}
