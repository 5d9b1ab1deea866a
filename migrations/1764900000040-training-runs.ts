import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * `training_run.curve`: what the model reported while it was fitted, point by point; `data`: the cut it was fitted on;
 * `trigger`: who asked for the run. `policy.training`: when a policy trains by itself, and how much memory a run may take.
 */
const TRAINING = `
alter table training_run add column curve jsonb not null default '[]';
alter table training_run add column data jsonb;
alter table training_run add column trigger text not null default 'person' check (trigger in ('person', 'schedule'));
alter table policy add column training jsonb;
`;

export class TrainingRuns1764900000040 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(TRAINING);
  }

  /** Forward-only: a fact once stored is never dropped by a migration. */
  async down(): Promise<void> {
    throw new Error('Migrations are forward-only; restore a backup to go back');
  }
}
