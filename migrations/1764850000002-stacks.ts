import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Stacked decisions: `decision.parent_id` is the decision that this one was made within (the row whose artwork it chose);
 * `joint_propensity` the product of the propensities from the top of the stack down, where all of it was decided in one
 * request. Null otherwise: it is worked out when it is read.
 */
const STACKS = `
alter table decision add column parent_id text;
alter table decision add column joint_propensity double precision;
`;

export class Stacks1764850000002 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(STACKS);
  }

  /** Forward-only: a fact once stored is never dropped by a migration. */
  async down(): Promise<void> {
    throw new Error('Migrations are forward-only; restore a backup to go back');
  }
}
