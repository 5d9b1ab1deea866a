import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Checks that somebody muted for a time, and a short way to the changes of one entity. */
export class HealthMutes1764400000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      `create table health_mute (
         experiment text not null references experiment (key),
         check_key text not null,
         reason text not null,
         muted_by text not null,
         muted_at timestamptz not null,
         until timestamptz not null,
         primary key (experiment, check_key)
       )`,
    );
    await runner.query('create index audit_by_entity on audit (entity, entity_key, id)');
  }

  /** Forward-only: a fact once stored is never dropped by a migration. */
  async down(): Promise<void> {
    throw new Error('Migrations are forward-only; restore a backup to go back');
  }
}
