import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * `counted_from_phase`: units that entered before it count in no report, since they have been dealt anew since.
 * `counts_anew`: the next roll-up drops what it has of them.
 */
const RERANDOMISE = `
alter table experiment add column counted_from_phase integer not null default 1;
alter table experiment add column counts_anew boolean not null default false;
`;

export class Rerandomise1764900000231 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(RERANDOMISE);
  }

  async down(): Promise<void> {
    throw new Error('Migrations are forward-only; restore a backup to go back');
  }
}
