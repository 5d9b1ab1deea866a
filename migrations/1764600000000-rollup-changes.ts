import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Experiments whose rollup failed, all of whose units are computed anew by the next run; and a hash of the definition by
 * which the units of an experiment were computed, so that another one is noticed. Without one, they are computed anew.
 */
const CHANGES = `
alter table metric_slot add column definition text;
create table rollup_failure (
  experiment text primary key references experiment (key) on delete cascade,
  message text not null,
  attempts integer not null default 1,
  failed_at timestamptz not null default now()
);
`;

export class RollupChanges1764600000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(CHANGES);
  }

  async down(): Promise<void> {
    throw new Error('Migrations are forward-only; restore a backup to go back');
  }
}
