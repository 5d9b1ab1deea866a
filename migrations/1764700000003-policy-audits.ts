import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What the audit of logged propensities found, per policy and run. */
const AUDITS = `
create table policy_audit (
  policy_id text not null references policy (id) on delete cascade,
  at timestamptz not null,
  from_at timestamptz not null,
  status text not null check (status in ('ok', 'too-few', 'alarm', 'failed')),
  serving_version integer,
  decisions integer not null,
  reasons text[] not null default '{}',
  result jsonb not null,
  rolled_back_to integer,
  primary key (policy_id, at)
);
`;

export class PolicyAudits1764700000003 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(AUDITS);
  }

  /** Forward-only: a fact once stored is never dropped by a migration. */
  async down(): Promise<void> {
    throw new Error('Migrations are forward-only; restore a backup to go back');
  }
}
