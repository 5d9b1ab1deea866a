/**
 * Begins a batch: the lock first, then a look at the tombstones that were set before it was given. Erasing a unit takes
 * the lock alone: it then sees, and removes, all that was stored before its tombstone.
 */
export const BEGIN_BATCH = `
select pg_advisory_xact_lock_shared(hashtext('marquee.erase'));
select exists(select from erased_unit) as erasures`;

/** Marks ids as seen that should all be new; a unique violation says that one is not. */
export const INSERT_NEW = `
insert into event_seen (id_hash) select md5(id)::uuid as hash from unnest($1::text[]) as id order by hash`;

/**
 * $1 ids, $2 their number. Marks the ids as seen, in the order of their hashes so that two batches with the same ids
 * wait for each other instead of dead-locking. `hashes` is null when all were fresh.
 */
export const INSERT_SEEN = `
with fresh as (
  insert into event_seen (id_hash)
  select md5(id)::uuid as hash from unnest($1::text[]) as id order by hash
  on conflict do nothing returning id_hash)
select count(*)::int as fresh, case when count(*) <> $2 then array_agg(id_hash::text) end as hashes from fresh`;

export const FIND_ERASED = `
select encode(unit_hash, 'hex') as hash from erased_unit
where unit_hash = any(select decode(h, 'hex') from unnest($1::text[]) as h)`;

/** Work for the learner: decisions whose attribution window has just begun. */
export const INSERT_DUE = `
insert into reward_due (decision_id, decision_at, policy_id, due_at)
select d.id, d.at, d.policy_id, d.at + make_interval(secs => d.seconds + coalesce(p.grace_seconds, 0))
from unnest($1::text[], $2::timestamptz[], $3::text[], $4::float8[]) as d (id, at, policy_id, seconds)
left join policy p on p.id = d.policy_id
on conflict (decision_id) do nothing`;

/** $1 DecisionRecord[] as JSON. New decisions whose reward window will close go on the list of rewards to settle. */
export const INSERT_DECISIONS = `
with input as (
  select * from json_to_recordset($1::json) as r (
    "id" text, "at" bigint, "unitId" text, "unitType" text, "surface" text, "subject" text, "experiment" text, "arm" text,
    "phase" int, "kind" text, "chosen" jsonb, "propensity" float8, "armPropensity" float8, "policyId" text,
    "policyVersion" int, "candidates" text[], "probabilities" float8[], "context" jsonb, "features" jsonb, "seed" text,
    "reason" text, "fallback" text, "holdout" text, "exposed" boolean, "latencyMicros" int, "slice" text, "shadow" jsonb,
    "parentId" text, "jointPropensity" float8, "withheld" boolean, "withholdPropensity" float8, "featureVersion" int, "audit" jsonb, "askedMark" text,
    "rewardWindowSeconds" float8)
), fresh as (
  insert into decision (id, at, unit_id, unit_type, surface, subject, experiment, arm, phase, kind, chosen, propensity,
    arm_propensity, policy_id, policy_version, candidates, probabilities, context, features, seed, reason, fallback,
    holdout, exposed, latency_micros, slice, shadow, parent_id, joint_propensity, withheld, withhold_propensity,
    feature_version, audit, asked_mark)
  select "id", to_timestamp("at" / 1000.0), "unitId", "unitType", "surface", "subject", "experiment", "arm", "phase",
    "kind", coalesce("chosen", 'null'::jsonb), "propensity", "armPropensity", "policyId", "policyVersion", "candidates", "probabilities",
    "context", "features", "seed", "reason", "fallback", "holdout", "exposed", "latencyMicros", "slice", "shadow",
    "parentId", "jointPropensity", "withheld", "withholdPropensity", "featureVersion", "audit", "askedMark"
  from input order by "id"
  on conflict (id, at) do nothing returning id, at, policy_id
), due as (
  insert into reward_due (decision_id, decision_at, policy_id, due_at)
  select f.id, f.at, f.policy_id, f.at + make_interval(secs => i."rewardWindowSeconds" + coalesce(p.grace_seconds, 0))
  from fresh f join input i on i."id" = f.id left join policy p on p.id = f.policy_id
  where i."rewardWindowSeconds" > 0 and f.policy_id is not null
  on conflict (decision_id) do nothing)
select count(*)::int as fresh from fresh`;

/**
 * $1 decision ids, $2 and $3 the span of their times, $4 whether to take only those that have an outcome already.
 * Puts the decisions of policies without a window on the list of rewards to settle at once.
 */
export const LINK_DUE = `
insert into reward_due (decision_id, decision_at, policy_id, due_at)
select d.id, d.at, d.policy_id, now()
from decision d join policy p on p.id = d.policy_id and p.window_seconds = 0
where d.id = any($1::text[]) and d.at between $2 and $3 and d.fallback is null
  and (not $4 or exists (
    select from event e where e.decision_id = d.id and e.kind = 'outcome' and e.at >= $2::timestamptz - interval '1 day'))
order by d.id
on conflict (decision_id) do update set due_at = least(reward_due.due_at, excluded.due_at)`;

/**
 * $1 decision ids, $2 and $3 the span of their times. Puts decisions back on the list whose window was settled: an event
 * about them has just arrived late. One that is on the list is there already; settling twice counts once.
 */
export const LINK_LATE = `
insert into reward_due (decision_id, decision_at, policy_id, due_at)
select d.id, d.at, d.policy_id, now()
from decision d join policy p on p.id = d.policy_id and p.window_seconds > 0 and p.reward is not null
where d.id = any($1::text[]) and d.at between $2 and $3 and d.fallback is null
  and d.at + make_interval(secs => p.window_seconds + p.grace_seconds) <= now()
order by d.id
on conflict (decision_id) do nothing`;

export const COUNT = `
insert into counter (name, value) select * from unnest($1::text[], $2::bigint[])
on conflict (name) do update set value = counter.value + excluded.value`;
