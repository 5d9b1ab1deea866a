/** Facts: append-only, partitioned by day; retention drops partitions. */
export const FACTS = `
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

/**
 * Makes the day partitions of a fact table that are missing between two days, under an advisory lock so
 * that several processes may call it at once.
 */
export const PARTITIONS = `
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
export const ULID = `
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
