import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * What candidates would have earned on logged decisions, and what the gate said. `candidate_hash` names exactly what was
 * evaluated: configuration, and for a version its state. `policy.gate_required`: changes of the policy and experiments
 * that serve it need a yes.
 */
const RUNS = `
alter table policy add column gate_required boolean not null default false;
create table off_policy_run (
  id bigint generated always as identity primary key,
  policy_id text not null references policy (id) on delete cascade,
  at timestamptz not null default now(),
  actor text not null,
  candidate_kind text not null check (candidate_kind in ('policy', 'version', 'params')),
  candidate_policy text not null,
  candidate_hash text not null,
  candidate jsonb not null,
  answer text not null check (answer in ('yes', 'no', 'not-enough-evidence')),
  gate jsonb not null,
  result jsonb not null
);
create index off_policy_run_by_policy on off_policy_run (policy_id, id);
create index off_policy_run_by_candidate on off_policy_run (candidate_hash, id);
`;

export class OffPolicyRuns1764800000001 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(RUNS);
  }

  /** Forward-only: a fact once stored is never dropped by a migration. */
  async down(): Promise<void> {
    throw new Error('Migrations are forward-only; restore a backup to go back');
  }
}
