import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * `feature_change`: the registry of features as its history; its newest row per feature is the feature as it is, and its
 * greatest version is the version of the schema. `consent_withdrawal`: what members no longer allow. `item_past`: features
 * that items had before, so that what is learned from a decision is what was known at it.
 *
 * `decision.audit` keeps what no policy was told: sensitive attributes, for the fairness audit, and the consents given.
 */
const FEATURES = `
create table feature_change (
  version integer primary key,
  entity text not null,
  name text not null,
  action text not null check (action in ('register', 'change', 'retire', 'setting')),
  definition jsonb not null,
  actor text not null,
  at timestamptz not null default now()
);
create index feature_change_by_name on feature_change (entity, name, version desc);

create table consent_withdrawal (
  unit_id text not null,
  feature text not null,
  withdrawn_at timestamptz not null default now(),
  granted_at timestamptz,
  primary key (unit_id, feature)
);

create table item_past (
  id text not null,
  until timestamptz not null,
  features jsonb not null,
  primary key (id, until)
);
create function keep_item_features() returns trigger language plpgsql as $$
begin
  insert into item_past (id, until, features) values (old.id, clock_timestamp(), old.features) on conflict do nothing;
  return null;
end $$;
create trigger item_features_past after update of features on item for each row
  when (old.features is distinct from new.features) execute function keep_item_features();

alter table decision add column feature_version integer;
alter table decision add column audit jsonb;
alter table policy_snapshot add column feature_version integer;
`;

export class Features1764900000130 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(FEATURES);
  }

  /** Forward-only: a fact once stored is never dropped by a migration. */
  async down(): Promise<void> {
    throw new Error('Migrations are forward-only; restore a backup to go back');
  }
}
