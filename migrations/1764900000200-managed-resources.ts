import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What files say how it is: of which repository and file, and when they were applied last with another source. */
const MANAGED = `
create table managed_resource (
  kind text not null,
  key text not null,
  repository text,
  path text,
  revision text,
  link text,
  applied_by text not null,
  applied_at timestamptz not null default now(),
  primary key (kind, key)
);
`;

export class ManagedResources1764900000200 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(MANAGED);
  }

  /** Forward-only: a fact once stored is never dropped by a migration. */
  async down(): Promise<void> {
    throw new Error('Migrations are forward-only; restore a backup to go back');
  }
}
