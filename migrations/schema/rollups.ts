/** Rollups: everything below can be rebuilt from the facts. */
export const ROLLUPS = `
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
