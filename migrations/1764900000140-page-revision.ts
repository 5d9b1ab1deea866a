import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Counts the changes of a page, so that nobody overwrites another's; and pages may have pins. */
const REVISION = `
alter table page add column revision integer not null default 1;
update page set layout = layout || '{"pins": []}'::jsonb where not layout ? 'pins';
`;

export class PageRevision1764900000140 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(REVISION);
  }

  /** Forward-only: a fact once stored is never dropped by a migration. */
  async down(): Promise<void> {
    throw new Error('Migrations are forward-only; restore a backup to go back');
  }
}
