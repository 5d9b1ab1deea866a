import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Units whose assignment went wrong, and the rules by which reports leave them out.
 *
 * `assignment_fault`: one row per occurrence; `ref` names what it comes from, so that the same thing counts once.
 * `experiment_unit.left_out`: the rule that keeps a unit out of the reports; null: it counts.
 * `assignment_rule`: what somebody set, of one experiment or ('*') of the project.
 * `assignment_rule_applied`: the rules by which `left_out` was worked out last; none: units in several arms alone.
 */
const ASSIGNMENT_HEALTH = `
create table assignment_fault (
  experiment text not null,
  unit_id text not null,
  state text not null,
  kind text not null,
  ref text not null,
  at timestamptz not null,
  primary key (unit_id, experiment, state, ref)
);
create index assignment_fault_by_experiment on assignment_fault (experiment, state, at);
create index assignment_fault_by_ref on assignment_fault (ref) where state = 'exposure-without-decision';

create table assignment_rule (
  scope text primary key,
  rules jsonb not null,
  revision integer not null default 1,
  updated_at timestamptz not null default now()
);
create table assignment_rule_applied (
  experiment text primary key,
  rules text not null
);

alter table experiment_unit add column left_out text;
update experiment_unit set left_out = 'two-arms' where crossover;
insert into assignment_fault (experiment, unit_id, state, kind, ref, at)
  select experiment, unit_id, 'two-arms', 'two-arms', 'crossed', first_at from experiment_unit where crossover;

alter table exposure_pending add column shown_default boolean not null default false;
`;

export class AssignmentHealth1764900000210 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(ASSIGNMENT_HEALTH);
  }

  /** Forward-only: a fact once stored is never dropped by a migration. */
  async down(): Promise<void> {
    throw new Error('Migrations are forward-only; restore a backup to go back');
  }
}
