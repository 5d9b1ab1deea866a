/** Configuration: what people design. Small tables, changed through the admin API, every write audited. */
export const CONFIGURATION = `
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
