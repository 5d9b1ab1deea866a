import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Type of the units by which a layer deals its parts; null: that of the experiments that hold parts of it. */
const LAYER_UNITS = `alter table layer add column unit_type text references unit_type (key)`;

export class LayerUnits1764900000250 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(LAYER_UNITS);
  }

  async down(): Promise<void> {
    throw new Error('Migrations are forward-only; restore a backup to go back');
  }
}
