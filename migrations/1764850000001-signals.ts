import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * `reward.signals`: what else the reward definition measures, by name, as it is known now (null: it defines nothing
 * else). A correction keeps the signals that were learned before it as well, so that the log replays bit for bit.
 */
const SIGNALS = `
alter table reward add column signals jsonb;
alter table reward_correction add column previous_signals jsonb, add column signals jsonb;
`;

export class Signals1764850000001 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(SIGNALS);
  }

  /** Forward-only: a fact once stored is never dropped by a migration. */
  async down(): Promise<void> {
    throw new Error('Migrations are forward-only; restore a backup to go back');
  }
}
