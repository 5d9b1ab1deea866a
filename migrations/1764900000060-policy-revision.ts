import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Counts the changes that people (and audits) make to a policy's configuration, so that nobody overwrites another's. And
 * several places of one slate may be withheld.
 */
const REVISION = `
alter table policy add column revision integer not null default 1;

alter table withheld_outcome add column position integer not null default 0;
alter table withheld_outcome drop constraint withheld_outcome_pkey;
alter table withheld_outcome add primary key (decision_id, position);
`;

export class PolicyRevision1764900000060 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(REVISION);
  }

  /** Forward-only: a fact once stored is never dropped by a migration. */
  async down(): Promise<void> {
    throw new Error('Migrations are forward-only; restore a backup to go back');
  }
}
