import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * `paused_arm`: what all units get while an experiment is paused. `guardrail_plan`: what a breach leads to.
 * `guardrail_check`: the last look. `guardrail_breach`: what was found, done and taken back; one row a test and phase.
 */
const GUARDRAILS = `
alter table experiment add column paused_arm text;
create table guardrail_plan (
  experiment text primary key references experiment (key),
  plan jsonb not null,
  revision integer not null default 1,
  updated_at timestamptz not null default now()
);
create table guardrail_check (
  experiment text primary key references experiment (key),
  checked_at timestamptz not null,
  took_ms integer not null,
  state text not null,
  findings jsonb not null
);
create table guardrail_breach (
  id bigserial primary key,
  experiment text not null references experiment (key),
  phase integer not null,
  watch text not null,
  key text not null,
  arm text not null,
  action text not null,
  done text not null,
  detail text not null,
  detected_at timestamptz not null,
  taken_back_at timestamptz,
  taken_back_by text,
  unique (experiment, phase, watch, key, arm)
);
`;

export class Guardrails1764900000190 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(GUARDRAILS);
  }

  /** Forward-only: a fact once stored is never dropped by a migration. */
  async down(): Promise<void> {
    throw new Error('Migrations are forward-only; restore a backup to go back');
  }
}
