import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * `experiment_view`: a filter and order of the list of experiments under a name. Without an owner it is shared; each
 * owner, and all together, have at most one that opens first.
 */
const VIEWS = `
create table experiment_view (
  id bigserial primary key,
  name text not null,
  owner_key text,
  query jsonb not null,
  is_default boolean not null default false,
  created_by text not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
create unique index experiment_view_by_name on experiment_view (coalesce(owner_key, ''), lower(name));
create unique index experiment_view_default on experiment_view (coalesce(owner_key, '')) where is_default;
`;

export class ExperimentViews1764900000226 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(VIEWS);
  }

  /** Forward-only: a fact once stored is never dropped by a migration. */
  async down(): Promise<void> {
    throw new Error('Migrations are forward-only; restore a backup to go back');
  }
}
