import type { MigrationInterface, QueryRunner } from 'typeorm';

/** How the effect of an experiment's decision metric moves with the days since exposure, for the NOVELTY warning. */
export class Trends1764500000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      `create table experiment_trend (
         experiment text primary key references experiment (key),
         computed_at timestamptz not null,
         trends jsonb not null
       )`,
    );
  }

  async down(): Promise<void> {
    throw new Error('Migrations are forward-only; restore a backup to go back');
  }
}
