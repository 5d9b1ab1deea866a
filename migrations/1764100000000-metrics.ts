import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Metrics that analysts make: every change is a new version, and an experiment keeps the versions that it was launched
 * with. Metrics of the program stand in its code and have no row.
 */
export class Metrics1764100000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table metric (
        key text not null,
        version integer not null check (version >= 1),
        definition jsonb not null,
        created_by text not null,
        created_at timestamptz not null default now(),
        archived boolean not null default false,
        primary key (key, version)
      )`);
    await runner.query(`alter table experiment add column metric_versions jsonb not null default '{}'`);
  }

  async down(): Promise<void> {
    throw new Error('Migrations are forward-only; restore a backup to go back');
  }
}
