import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * How often each outcome happened since exposure, per experiment: whole in `totals`, by hour or day in `counts`. Made anew
 * from the facts, so nothing is lost with it.
 */
const EVENT_RATES = `
create table event_rate (
  experiment text primary key references experiment (key) on delete cascade,
  computed_at timestamptz not null,
  took_ms integer not null,
  totals jsonb not null,
  counts jsonb not null
);
`;

export class EventRates1764750000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(EVENT_RATES);
  }

  async down(): Promise<void> {
    throw new Error('Migrations are forward-only; restore a backup to go back');
  }
}
