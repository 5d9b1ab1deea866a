import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * What policies learned from the logs of others before their own first traffic. `warm_start`: one row per request, with
 * where it reads, how far it is and which versions it made; `from_at`, `to_at`: the decisions that it learns from,
 * `held_out`: those of the log that it leaves for judging what was learned. `warm_reward`: what it learned, as the policy's
 * own reward definition settled it, frozen so that the learning log replays to the same bits; `version` as in `reward`.
 */
const WARM_STARTS = `
create table warm_start (
  id bigint generated always as identity primary key,
  policy_id text not null references policy (id) on delete cascade,
  actor text not null,
  source jsonb not null,
  surface text not null,
  subject text,
  from_at timestamptz not null,
  to_at timestamptz not null,
  held_out jsonb,
  definition integer not null,
  status text not null default 'queued' check (status in ('queued', 'running', 'succeeded', 'failed')),
  matching integer not null,
  read integer not null default 0,
  rewards integer not null default 0,
  decisions integer not null default 0,
  reward_sum double precision not null default 0,
  cursor_at timestamptz,
  cursor_id text,
  first_version integer,
  version integer,
  error text,
  created_at timestamptz not null default now(),
  finished_at timestamptz
);
create index warm_start_by_policy on warm_start (policy_id, id);
create unique index warm_start_open on warm_start (policy_id) where status in ('queued', 'running');

create table warm_reward (
  policy_id text not null references policy (id) on delete cascade,
  decision_id text not null,
  position integer not null,
  warm_start bigint not null references warm_start (id) on delete cascade,
  subject text,
  action_id text not null,
  reward double precision not null,
  signals jsonb,
  propensity double precision not null,
  decision_at timestamptz not null,
  features jsonb,
  definition integer not null,
  version integer not null,
  primary key (policy_id, decision_id, position)
);
create index warm_reward_by_version on warm_reward (policy_id, version);
create index warm_reward_by_decision on warm_reward (decision_id);
`;

export class WarmStarts1764900000050 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(WARM_STARTS);
  }

  /** Forward-only: a fact once stored is never dropped by a migration. */
  async down(): Promise<void> {
    throw new Error('Migrations are forward-only; restore a backup to go back');
  }
}
