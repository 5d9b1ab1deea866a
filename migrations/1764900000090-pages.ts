import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * `page`: pages that a client asks for as a whole. `trade_off_run`: what other weights of several objectives would bring,
 * computed in the background.
 */
const PAGES = `
create table page (
  key text primary key,
  title text not null,
  layout jsonb not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
create table trade_off_run (
  id text primary key,
  policy_id text not null references policy (id),
  status text not null check (status in ('queued', 'running', 'succeeded', 'failed')),
  progress double precision not null default 0,
  actor text not null,
  settings jsonb not null,
  result jsonb,
  error text,
  created_at timestamptz not null default now(),
  started_at timestamptz,
  finished_at timestamptz
);
create index trade_off_run_by_policy on trade_off_run (policy_id, created_at desc);
`;

export class Pages1764900000090 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(PAGES);
  }

  /** Forward-only: a fact once stored is never dropped by a migration. */
  async down(): Promise<void> {
    throw new Error('Migrations are forward-only; restore a backup to go back');
  }
}
