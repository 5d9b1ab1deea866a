import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * `training_checkpoint`: what a running fit has come to, so that one that was ended goes on from there.
 * `training_run.begin_with`: whether a run may begin with the weights that serve.
 */
const CHECKPOINTS = `
create table training_checkpoint (
  run_id text primary key references training_run (id) on delete cascade,
  state bytea not null,
  at timestamptz not null default now()
);
alter table training_checkpoint alter column state set storage external;
alter table training_run add column begin_with text not null default 'scratch' check (begin_with in ('scratch', 'serving'));
`;

export class Checkpoints1764900000100 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(CHECKPOINTS);
  }

  /** Forward-only: a fact once stored is never dropped by a migration. */
  async down(): Promise<void> {
    throw new Error('Migrations are forward-only; restore a backup to go back');
  }
}
