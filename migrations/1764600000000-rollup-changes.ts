import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Experiments whose rollup failed: all of their units are computed anew by the next run. */
const FAILURES = `
create table rollup_failure (
  experiment text primary key references experiment (key) on delete cascade,
  message text not null,
  attempts integer not null default 1,
  failed_at timestamptz not null default now()
);
`;

export class RollupChanges1764600000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(FAILURES);
  }

  async down(): Promise<void> {
    throw new Error('Migrations are forward-only; restore a backup to go back');
  }
}
