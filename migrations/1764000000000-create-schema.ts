import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Configuration: what people design. Small tables, changed through the admin API, every write audited. */
const CONFIGURATION = `
create table surface (
  key text primary key,
  title text not null,
  kind text not null check (kind in ('value', 'action', 'slate')),
  default_value jsonb not null default 'null',
  candidate_kind text,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
create table item (
  id text primary key,
  kind text not null,
  subject text,
  title text not null,
  features jsonb not null default '{}',
  available boolean not null default true,
  position integer not null default 0,
  updated_at timestamptz not null default now()
);
create index item_by_kind on item (kind, subject, position, id);
create table layer (
  key text primary key,
  title text not null,
  salt text not null,
  created_at timestamptz not null default now()
);
create table holdout (
  key text primary key,
  title text not null,
  salt text not null,
  share double precision not null check (share >= 0 and share <= 1),
  surfaces text[],
  unit_type text not null default 'member',
  enabled boolean not null default true,
  created_at timestamptz not null default now()
);
create table policy (
  id text primary key,
  key text not null,
  title text not null,
  params jsonb not null default '{}',
  exploration jsonb not null,
  floor double precision not null default 0 check (floor >= 0 and floor < 1),
  reward jsonb,
  window_seconds integer not null default 3600 check (window_seconds >= 0),
  grace_seconds integer not null default 0 check (grace_seconds >= 0),
  learning boolean not null default true,
  serving_version integer,
  latest_version integer not null default 0,
  last_learned_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
create table policy_snapshot (
  policy_id text not null references policy (id),
  version integer not null,
  state_version integer not null,
  params jsonb not null,
  state jsonb not null,
  sha256 text not null,
  status text not null check (status in ('accepted', 'rejected', 'candidate')),
  reason text,
  rows_used integer not null default 0,
  mean_reward double precision,
  learned_through timestamptz,
  evaluation jsonb,
  training_run text,
  created_at timestamptz not null default now(),
  primary key (policy_id, version)
);
create table training_run (
  id text primary key,
  policy_id text not null references policy (id),
  status text not null check (status in ('queued', 'running', 'succeeded', 'failed')),
  progress double precision not null default 0,
  seed text not null,
  params jsonb not null default '{}',
  cut_at timestamptz not null,
  promote text not null default 'auto' check (promote in ('auto', 'manual')),
  evaluation jsonb,
  snapshot_version integer,
  error text,
  created_at timestamptz not null default now(),
  started_at timestamptz,
  finished_at timestamptz
);
create index training_run_by_policy on training_run (policy_id, created_at desc);
create table experiment (
  key text primary key,
  title text not null,
  hypothesis text not null default '',
  surface text not null references surface (key),
  unit_type text not null default 'member',
  status text not null check (status in ('draft', 'scheduled', 'running', 'paused', 'stopped', 'shipped', 'archived')),
  layer text not null references layer (key),
  layer_from double precision not null,
  layer_to double precision not null,
  traffic double precision not null check (traffic >= 0 and traffic <= 1),
  targeting jsonb,
  arms jsonb not null,
  phase integer not null default 0,
  salt text not null,
  shipped_arm text,
  decision_metric text,
  secondary_metrics text[] not null default '{}',
  guardrail_metrics text[] not null default '{}',
  minimum_days integer not null default 7,
  planned_units integer,
  owner text not null default '',
  tags text[] not null default '{}',
  stop_reason text,
  evidence jsonb,
  summary jsonb,
  version integer not null default 1,
  created_at timestamptz not null default now(),
  started_at timestamptz,
  stopped_at timestamptz,
  updated_at timestamptz not null default now(),
  check (layer_from >= 0 and layer_to <= 1 and layer_from <= layer_to)
);
create table experiment_phase (
  experiment text not null references experiment (key),
  phase integer not null,
  traffic double precision not null,
  targeting jsonb,
  arms jsonb not null,
  started_at timestamptz not null,
  ended_at timestamptz,
  primary key (experiment, phase)
);
create table setting (
  key text primary key,
  value jsonb not null,
  updated_at timestamptz not null default now()
);
create table api_key (
  id text primary key,
  name text not null,
  role text not null check (role in ('publishable', 'secret', 'admin')),
  prefix text not null,
  hash bytea not null unique,
  created_at timestamptz not null default now(),
  last_used_at timestamptz,
  expires_at timestamptz,
  revoked_at timestamptz
);
create table audit (
  id bigint generated always as identity primary key,
  at timestamptz not null default now(),
  actor text not null,
  action text not null,
  entity text not null,
  entity_key text not null,
  before jsonb,
  after jsonb,
  request_id text,
  previous_hash bytea,
  hash bytea not null
);
create table erased_unit (
  unit_hash bytea primary key,
  erased_at timestamptz not null default now()
);
`;

/** Facts: append-only, partitioned by day; retention drops partitions. */
const FACTS = `
create table decision (
  id text not null,
  at timestamptz not null,
  unit_id text not null,
  unit_type text not null,
  surface text not null,
  subject text,
  experiment text,
  arm text,
  phase integer,
  kind text not null,
  chosen jsonb,
  propensity double precision not null,
  arm_propensity double precision not null,
  policy_id text,
  policy_version integer,
  candidates text[] not null default '{}',
  probabilities double precision[],
  context jsonb not null default '{}',
  seed text not null,
  reason text not null,
  fallback text,
  holdout text,
  exposed boolean not null default false,
  latency_micros integer,
  txid bigint not null default (pg_current_xact_id()::text::bigint),
  primary key (id, at)
) partition by range (at);
create index decision_by_unit on decision (unit_id, at);
create index decision_by_experiment on decision (experiment, at) where experiment is not null;
create index decision_by_policy on decision (policy_id, at) where policy_id is not null;
create index decision_by_txid on decision (txid);

-- One row per event id ever accepted: the same id counts once, whatever day a second copy claims.
create table event_seen (
  id_hash uuid primary key,
  seen_at timestamptz not null default now()
);
create table event (
  id text not null,
  at timestamptz not null,
  received_at timestamptz not null,
  unit_id text not null,
  kind text not null,
  name text,
  value double precision,
  decision_id text,
  action_id text,
  item_id text,
  position integer,
  properties jsonb,
  txid bigint not null default (pg_current_xact_id()::text::bigint)
) partition by range (at);
create index event_by_unit on event (unit_id, at);
create index event_by_decision on event (decision_id) where decision_id is not null;
create index event_by_txid on event (txid);

create table quarantine (
  id bigint generated always as identity primary key,
  received_at timestamptz not null default now(),
  source text not null,
  reason text not null,
  payload text not null,
  attempts integer not null default 1,
  status text not null default 'open' check (status in ('open', 'replayed', 'discarded'))
);
create table reward_due (
  decision_id text primary key,
  decision_at timestamptz not null,
  policy_id text not null,
  due_at timestamptz not null
);
create index reward_due_by_policy on reward_due (policy_id, due_at);
create table reward (
  decision_id text not null,
  position integer not null,
  policy_id text not null,
  subject text,
  action_id text not null,
  reward double precision not null,
  propensity double precision not null,
  decision_at timestamptz not null,
  settled_at timestamptz not null,
  version integer not null,
  primary key (decision_id, position)
);
create index reward_by_policy on reward (policy_id, settled_at);
create index reward_by_action on reward (policy_id, action_id);
create table counter (
  name text primary key,
  value bigint not null default 0
);
create table process (
  id text primary key,
  role text not null,
  started_at timestamptz not null,
  last_seen_at timestamptz not null,
  facts jsonb not null default '{}'
);
`;

/** Rollups: everything below can be rebuilt from the facts. */
const ROLLUPS = `
create table rollup_state (
  name text primary key,
  through bigint not null,
  updated_at timestamptz not null default now()
);
create table exposure_pending (
  event_id text primary key,
  decision_id text not null,
  unit_id text not null,
  at timestamptz not null,
  seen_at timestamptz not null default now()
);
create table experiment_unit (
  experiment text not null,
  unit_id text not null,
  arm text not null,
  first_at timestamptz not null,
  entered_on date not null,
  phase integer,
  crossover boolean not null default false,
  attributes jsonb not null default '{}',
  -- Bit n: active on the n-th calendar day after the day of first exposure (n = 0..62).
  active_days bigint not null default 0,
  primary key (experiment, unit_id)
);
create index experiment_unit_by_unit on experiment_unit (unit_id);
create index experiment_unit_by_cohort on experiment_unit (experiment, entered_on, arm);
create table unit_metric (
  experiment text not null,
  metric text not null,
  unit_id text not null,
  arm text not null,
  entered_on date not null,
  y double precision not null,
  d double precision not null default 0,
  x double precision,
  primary key (experiment, metric, unit_id)
);
create index unit_metric_by_cohort on unit_metric (experiment, metric, entered_on, arm);
create table moments_cohort (
  experiment text not null,
  metric text not null,
  arm text not null,
  entered_on date not null,
  n bigint not null,
  mean_y double precision not null,
  mean_d double precision not null,
  mean_x double precision not null,
  yy double precision not null,
  dd double precision not null,
  xx double precision not null,
  yd double precision not null,
  yx double precision not null,
  dx double precision not null,
  non_zero bigint not null,
  updated_at timestamptz not null default now(),
  primary key (experiment, metric, arm, entered_on)
);
create table moments_daily (
  experiment text not null,
  metric text not null,
  arm text not null,
  day date not null,
  n bigint not null,
  mean double precision[] not null,
  comoment double precision[] not null,
  non_zero bigint not null,
  primary key (experiment, metric, arm, day)
);
`;

/**
 * Makes the day partitions of a fact table that are missing between two days, under an advisory lock so
 * that several processes may call it at once.
 */
const PARTITIONS = `
create function ensure_partitions(first_day date, last_day date) returns void language plpgsql as $$
declare
  day date := first_day;
  parent text;
begin
  perform pg_advisory_xact_lock(hashtext('marquee.partitions'));
  while day <= last_day loop
    foreach parent in array array['decision', 'event'] loop
      execute format(
        'create table if not exists %I partition of %I for values from (%L) to (%L)',
        parent || '_' || to_char(day, 'YYYYMMDD'), parent, day::text || ' 00:00:00+00', (day + 1)::text || ' 00:00:00+00');
    end loop;
    day := day + 1;
  end loop;
end $$;
`;

/** The time part of a ULID (48 bits of milliseconds in Crockford's base 32); null for anything else. */
const ULID = `
create function ulid_at(id text) returns timestamptz language sql immutable strict parallel safe as $$
  select case when id ~ '^[0-7][0-9A-HJKMNP-TV-Z]{25}$' then to_timestamp((
      ((strpos('0123456789ABCDEFGHJKMNPQRSTVWXYZ', substr(id, 1, 1)) - 1)::bigint << 45) +
      ((strpos('0123456789ABCDEFGHJKMNPQRSTVWXYZ', substr(id, 2, 1)) - 1)::bigint << 40) +
      ((strpos('0123456789ABCDEFGHJKMNPQRSTVWXYZ', substr(id, 3, 1)) - 1)::bigint << 35) +
      ((strpos('0123456789ABCDEFGHJKMNPQRSTVWXYZ', substr(id, 4, 1)) - 1)::bigint << 30) +
      ((strpos('0123456789ABCDEFGHJKMNPQRSTVWXYZ', substr(id, 5, 1)) - 1)::bigint << 25) +
      ((strpos('0123456789ABCDEFGHJKMNPQRSTVWXYZ', substr(id, 6, 1)) - 1)::bigint << 20) +
      ((strpos('0123456789ABCDEFGHJKMNPQRSTVWXYZ', substr(id, 7, 1)) - 1)::bigint << 15) +
      ((strpos('0123456789ABCDEFGHJKMNPQRSTVWXYZ', substr(id, 8, 1)) - 1)::bigint << 10) +
      ((strpos('0123456789ABCDEFGHJKMNPQRSTVWXYZ', substr(id, 9, 1)) - 1)::bigint << 5) +
      ((strpos('0123456789ABCDEFGHJKMNPQRSTVWXYZ', substr(id, 10, 1)) - 1)::bigint << 0)) / 1000.0::double precision) end
$$;
`;

export class CreateSchema1764000000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const sql of [CONFIGURATION, FACTS, ROLLUPS, PARTITIONS, ULID]) await runner.query(sql);
  }

  /** Forward-only: a fact once stored is never dropped by a migration. */
  async down(): Promise<void> {
    throw new Error('Migrations are forward-only; restore a backup to go back');
  }
}
