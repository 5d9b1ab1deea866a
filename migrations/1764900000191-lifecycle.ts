import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * `experiment_approval`: who asked for a start, for which design, and who decided. `experiment_note`: comments and
 * decisions. `experiment_evidence`: the report as it stood at the end; the database itself refuses to change it.
 */
const LIFECYCLE = `
create table experiment_approval (
  id bigserial primary key,
  experiment text not null references experiment (key),
  design text not null,
  asked_by text not null,
  asked_at timestamptz not null default now(),
  comment text not null default '',
  decision text check (decision in ('approve', 'reject')),
  decided_by text,
  decided_at timestamptz,
  answer text not null default ''
);
create index experiment_approval_by_experiment on experiment_approval (experiment, id);
create table experiment_note (
  id bigserial primary key,
  experiment text not null references experiment (key),
  kind text not null check (kind in ('comment', 'decision')),
  text text not null,
  author text not null,
  at timestamptz not null default now()
);
create index experiment_note_by_experiment on experiment_note (experiment, id);
create table experiment_evidence (
  experiment text not null references experiment (key),
  status text not null,
  taken_at timestamptz not null default now(),
  reason text,
  report jsonb not null,
  sha256 text not null,
  primary key (experiment, status)
);
create function keep_evidence() returns trigger language plpgsql as $$
begin
  raise exception 'evidence of an experiment is never changed';
end $$;
create trigger keep_evidence before update or delete on experiment_evidence
  for each row execute function keep_evidence();
`;

export class Lifecycle1764900000191 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(LIFECYCLE);
  }

  /** Forward-only: a fact once stored is never dropped by a migration. */
  async down(): Promise<void> {
    throw new Error('Migrations are forward-only; restore a backup to go back');
  }
}
