import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Which of GrowthBook's hashes the salt is used with: 1 keeps the arms of what was taken over with it. */
const HASH_VERSION = `
alter table experiment add column hash_version smallint not null default 2 check (hash_version in (1, 2));
alter table layer add column hash_version smallint not null default 2 check (hash_version in (1, 2));
`;

export class HashVersion1764900000261 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(HASH_VERSION);
  }

  async down(): Promise<void> {
    throw new Error('Migrations are forward-only; restore a backup to go back');
  }
}
