import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Versions of reward definitions, and corrections of rewards that were learned before all of their outcomes had
 * arrived. `reward.reward` is what is known now; a correction holds what was learned before it, so that the log can be
 * learned again in the order in which it was learned at first. `version` of a correction is the snapshot that first used
 * it; 0 waits, -1 was taken into the reward when everything was learned again.
 */
const LATE = `
create table reward_definition (
  policy_id text not null references policy (id) on delete cascade,
  version integer not null,
  reward jsonb not null,
  window_seconds integer not null,
  created_at timestamptz not null default now(),
  primary key (policy_id, version)
);
alter table policy add column reward_version integer not null default 1;
alter table policy add column relearn_since timestamptz;
alter table policy_snapshot add column corrections_used integer not null default 0;
alter table reward add column definition integer not null default 1;
insert into reward_definition (policy_id, version, reward, window_seconds, created_at)
  select id, 1, reward, window_seconds, updated_at from policy where reward is not null;
create table reward_correction (
  decision_id text not null,
  position integer not null,
  revision integer not null,
  policy_id text not null,
  decision_at timestamptz not null,
  previous double precision not null,
  reward double precision not null,
  corrected_at timestamptz not null,
  version integer not null,
  primary key (decision_id, position, revision),
  foreign key (decision_id, position) references reward (decision_id, position) on delete cascade
);
create index reward_correction_by_policy on reward_correction (policy_id, version);
`;

export class LateRewards1764700000001 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(LATE);
  }

  /** Forward-only: a fact once stored is never dropped by a migration. */
  async down(): Promise<void> {
    throw new Error('Migrations are forward-only; restore a backup to go back');
  }
}
