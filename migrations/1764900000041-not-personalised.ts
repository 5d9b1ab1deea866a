import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Units that asked for answers which do not depend on who they are. */
const NOT_PERSONALISED = `
create table not_personalised (
  unit_id text primary key,
  since timestamptz not null default now()
);
`;

export class NotPersonalised1764900000041 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(NOT_PERSONALISED);
  }

  /** Forward-only: a fact once stored is never dropped by a migration. */
  async down(): Promise<void> {
    throw new Error('Migrations are forward-only; restore a backup to go back');
  }
}
