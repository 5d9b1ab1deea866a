import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Mark of the unit that asked, where the decision is another unit's; null: the unit asked itself, or it is not known. */
const ASKED_MARK = `alter table decision add column asked_mark text`;

export class AskedMark1764900000251 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(ASKED_MARK);
  }

  /** Forward-only: a fact once stored is never dropped by a migration. */
  async down(): Promise<void> {
    throw new Error('Migrations are forward-only; restore a backup to go back');
  }
}
