import type { MigrationInterface, QueryRunner } from 'typeorm';
import { CONFIGURATION } from './schema/configuration.js';
import { FACTS, PARTITIONS, ULID } from './schema/facts.js';
import { ROLLUPS } from './schema/rollups.js';

export class CreateSchema1764000000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const sql of [CONFIGURATION, FACTS, ROLLUPS, PARTITIONS, ULID]) await runner.query(sql);
  }

  /** Forward-only: a fact once stored is never dropped by a migration. */
  async down(): Promise<void> {
    throw new Error('Migrations are forward-only; restore a backup to go back');
  }
}
