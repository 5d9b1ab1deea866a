import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What of a thing its files say beyond what they always say: the schedule of an experiment, the entries of a list. */
const PARTS = `alter table managed_resource add column parts text[] not null default '{}'`;

export class ManagedParts1764900000260 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(PARTS);
  }

  async down(): Promise<void> {
    throw new Error('Migrations are forward-only; restore a backup to go back');
  }
}
