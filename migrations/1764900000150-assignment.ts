import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Who is assigned, and how: unit types with the field of a context that names them, saved segments with versions, lists
 * of units, identities (an anonymous unit and the member it became), and the key that signs testers' tokens.
 * Aliases are written under one lock, so that `seq` is also the order in which they became visible.
 */
const ASSIGNMENT = `
create table unit_type (
  key text primary key,
  title text not null,
  context_field text,
  created_at timestamptz not null default now()
);
insert into unit_type (key, title, context_field) values
  ('member', 'Member', 'memberId'), ('profile', 'Profile', 'profileId'), ('device', 'Device', 'deviceId'),
  ('session', 'Session', 'sessionId'), ('account', 'Account', 'accountId'), ('household', 'Household', 'householdId'),
  ('market', 'Market', 'market');
-- Types that are in use already: known by the request's own unit alone.
insert into unit_type (key, title)
  select unit_type, unit_type from experiment union select unit_type, unit_type from holdout
  on conflict do nothing;

create table segment (
  key text primary key,
  title text not null,
  description text not null default '',
  version integer not null default 1,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
create table segment_version (
  segment text not null references segment (key) on delete cascade,
  version integer not null,
  condition jsonb not null,
  actor text not null,
  created_at timestamptz not null default now(),
  primary key (segment, version)
);

create table unit_list (
  key text primary key,
  title text not null,
  hashed boolean not null,
  size integer not null default 0,
  revision integer not null default 1,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
create table unit_list_entry (
  list text not null references unit_list (key) on delete cascade,
  entry text not null,
  primary key (list, entry)
);

create table unit_alias (
  unit_id text primary key,
  unit_type text not null,
  kept text not null,
  seq bigint generated always as identity unique,
  at timestamptz not null default now()
);
create index unit_alias_by_kept on unit_alias (kept);
create table identity_switch (
  id bigint generated always as identity primary key,
  unit_type text not null,
  unit_id text not null,
  other_unit_id text not null,
  kind text not null check (kind in ('moved', 'shared')),
  at timestamptz not null default now()
);
create index identity_switch_by_unit on identity_switch (unit_id);
create index identity_switch_by_other on identity_switch (other_unit_id);
create index identity_switch_by_time on identity_switch (at);

create function unit_alias_changed() returns trigger language plpgsql as $$
begin
  perform pg_notify('marquee_alias', lower(tg_op));
  return null;
end $$;
create trigger unit_alias_changed after insert or update or delete on unit_alias
  for each statement execute function unit_alias_changed();

create table tester_key (
  singleton boolean primary key default true check (singleton),
  key text not null,
  created_at timestamptz not null default now()
);

alter table experiment add column cluster_by text;
alter table experiment add column switchback jsonb;
alter table experiment add column prerequisites jsonb not null default '[]';
`;

export class Assignment1764900000150 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(ASSIGNMENT);
  }

  /** Forward-only: a fact once stored is never dropped by a migration. */
  async down(): Promise<void> {
    throw new Error('Migrations are forward-only; restore a backup to go back');
  }
}
