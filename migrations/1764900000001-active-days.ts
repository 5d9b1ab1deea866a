import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Active days move from experiment_unit, where writing them meant a second version of every row, to unit_values, which is
 * written once with everything else that is worked out from a unit's events. Bit n: active on the n-th calendar day after
 * the day of first exposure (n = 0..62).
 */
const ACTIVE_DAYS = `
alter table unit_values add column active_days bigint not null default 0;
insert into unit_values (experiment, unit_id, active_days, measures)
select experiment, unit_id, active_days, '{}' from experiment_unit
    on conflict (experiment, unit_id) do update set active_days = excluded.active_days;
alter table experiment_unit drop column active_days;
-- Its rows are seldom changed now: no room has to be kept for second versions.
alter table experiment_unit reset (fillfactor);
`;

export class ActiveDays1764900000001 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(ACTIVE_DAYS);
  }

  /** Forward-only: a fact once stored is never dropped by a migration. */
  async down(): Promise<void> {
    throw new Error('Migrations are forward-only; restore a backup to go back');
  }
}
