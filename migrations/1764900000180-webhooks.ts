import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * `webhook_endpoint`: who is told. `webhook_message`: what there is to tell, written with the change itself.
 * `webhook_delivery`: one message on its way to one endpoint, with the log of its attempts.
 */
const WEBHOOKS = `
create table webhook_endpoint (
  id text primary key,
  url text not null,
  description text not null,
  events text[] not null,
  secrets jsonb not null,
  status text not null default 'enabled' check (status in ('enabled', 'disabled')),
  disabled_reason text,
  failures int not null default 0,
  failing_since timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
create table webhook_message (
  id text primary key,
  type text not null,
  at timestamptz not null default now(),
  data jsonb not null
);
create index webhook_message_by_time on webhook_message (at);
create table webhook_delivery (
  id text primary key,
  message_id text not null references webhook_message (id) on delete cascade,
  endpoint_id text not null references webhook_endpoint (id) on delete cascade,
  status text not null default 'pending' check (status in ('pending', 'delivered', 'failed')),
  next_at timestamptz not null default now(),
  attempts jsonb not null default '[]',
  unique (message_id, endpoint_id)
);
create index webhook_delivery_due on webhook_delivery (next_at) where status = 'pending';
create index webhook_delivery_by_endpoint on webhook_delivery (endpoint_id, message_id desc);
`;

export class Webhooks1764900000180 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(WEBHOOKS);
  }

  /** Forward-only: a fact once stored is never dropped by a migration. */
  async down(): Promise<void> {
    throw new Error('Migrations are forward-only; restore a backup to go back');
  }
}
