import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * `other_layers`: further layers of an experiment. `holdout`: tags that it attaches to, and whom it spares. `kept_unit`: units
 * that keep an arm which the allocation no longer gives them. `experiment_schedule`: what is planned and how far it is.
 * `traffic_sample`: decisions of an experiment by time, for the alarm on a changed traffic.
 */
const TRAFFIC = `
alter table experiment add column other_layers jsonb not null default '[]';
alter table experiment_phase add column keeps_units boolean not null default false;
alter table holdout add column tags text[];
alter table holdout add column except_when jsonb;
alter table holdout add column revision integer not null default 1;
create table kept_unit (
  seq bigserial not null,
  experiment text not null references experiment (key),
  unit_id text not null,
  arm text not null,
  -- The phase in which the unit entered: its shares are the probability of the arm.
  phase integer,
  kept_at timestamptz not null default now(),
  primary key (experiment, unit_id)
);
create index kept_unit_by_unit on kept_unit (unit_id);
create index kept_unit_by_seq on kept_unit (seq);
create table experiment_schedule (
  experiment text primary key references experiment (key),
  plan jsonb not null,
  step integer not null default 0,
  step_at timestamptz,
  note text not null default '',
  failed boolean not null default false,
  revision integer not null default 1,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
create table traffic_sample (
  experiment text not null references experiment (key),
  until timestamptz not null,
  since timestamptz not null,
  decisions bigint not null,
  primary key (experiment, until)
);
`;

export class Traffic1764900000160 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(TRAFFIC);
  }

  /** Forward-only: a fact once stored is never dropped by a migration. */
  async down(): Promise<void> {
    throw new Error('Migrations are forward-only; restore a backup to go back');
  }
}
