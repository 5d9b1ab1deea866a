/** Statements behind the health checks. Samples are of the newest rows, found by an index, so that their cost is bounded. */

export const MUTES = `
select check_key as "check", reason, muted_by as "by", muted_at as "at", until from health_mute
where experiment = $1 and until > $2`;

export const PHASES = `
select phase, traffic, targeting, arms, started_at as "startedAt" from experiment_phase
where experiment = $1 and started_at <= $2 order by phase`;

/** Only what happened while it ran: changes of a draft are no change of the experiment. */
export const CHANGES = `
select a.at, a.action,
  (select array_agg(f.name) from unnest(array['arms', 'traffic', 'targeting', 'decisionMetric', 'secondaryMetrics',
     'guardrailMetrics']) as f (name)
    where a.before -> f.name is distinct from a.after -> f.name) as changed
from audit a
where a.entity = 'experiment' and a.entity_key = $1 and a.at <= $2
  and a.action in ('experiment.change', 'experiment.pause', 'experiment.resume')
  and a.before ->> 'status' in ('running', 'paused')
order by a.id`;

/** The split within attribute values, over the units that entered last. */
export const GROUPS = `
select a.key as attribute, a.value, coalesce(u.phase, 0) as phase, u.arm, count(*)::integer as units
from (select arm, phase, attributes from experiment_unit
       where experiment = $1 and entered_on <= $2::date and left_out is null
       order by entered_on desc limit 20000) u
cross join lateral jsonb_each_text(u.attributes) a
group by 1, 2, 3, 4`;

/** Who holds most of a metric in an arm. */
export const CONCENTRATION = `
select m.arm, $2::text as of, count(*)::integer as units, max(abs(m.y)) / sum(abs(m.y)) as "topShare"
from unit_metric m
join experiment_unit u on u.experiment = m.experiment and u.unit_id = m.unit_id and u.left_out is null
where m.experiment = $1 and m.metric = $2 and m.arm = any($3::text[]) and m.y <> 0
group by m.arm`;

/** How far behind the results are, and what the newest events of all experiments are like. */
export const STREAM = `
with newest as materialized (
  select id, at, received_at, kind, decision_id from event
   where at > $1::timestamptz - interval '1 day' and at <= $1::timestamptz + interval '1 day'
   order by txid desc limit 1000),
named as (
  select exists (select from decision d where d.id = n.decision_id and d.at = ulid_at(n.decision_id)) as found
    from newest n where n.kind = 'outcome' and n.decision_id is not null
     -- The decision may still be under way.
     and n.received_at < $1::timestamptz - interval '1 minute')
select
  (select extract(epoch from $1::timestamptz - updated_at)::float8 from rollup_state where name = 'facts') as rollup_age,
  (select max((facts #>> '{spool,oldestAgeSeconds}')::float8) from process
    where last_seen_at > now() - interval '15 seconds' and (facts #>> '{spool,pending}')::float8 > 0) as spool_age,
  coalesce((select value from counter where name = 'ingest.events_stored'), 0)::float8 as stored,
  coalesce((select value from counter where name = 'ingest.events_duplicate'), 0)::float8 as duplicates,
  coalesce((select value from counter where name = 'rollup.exposures_without_decision'), 0)::float8
    + (select count(*) from exposure_pending where seen_at < $1::timestamptz - interval '10 minutes')::float8 as lost,
  (select count(*)::integer from newest) as sampled,
  (select count(*)::integer from newest where received_at > at + interval '1 hour') as late,
  (select count(*)::integer from newest where at > received_at + interval '1 minute') as early,
  (select count(*)::integer from named) as outcomes,
  (select count(*)::integer from named where not found) as unmatched`;

/** Weights of the newest decisions of each arm that a policy serves. */
export const OVERLAP = `
select d.arm, count(*)::integer as decisions, count(*) filter (where not d.usable)::integer as missing,
  coalesce(sum(1 / d.propensity) filter (where d.usable) ^ 2
    / nullif(sum(1 / d.propensity ^ 2) filter (where d.usable), 0), 0)::float8 as "effectiveSize",
  coalesce(min(d.propensity) filter (where d.usable), 1) as "minPropensity",
  -- Among more actions than the floor has room for, each gets the same.
  coalesce(min(least(d.floor, 1.0::float8 / nullif(d.actions, 0))), 0) as floor
from unnest($2::text[], $3::text[]) as a (arm, policy)
join policy p on p.id = a.policy
cross join lateral (
  select a.arm, p.floor, propensity,
    propensity > 0 and propensity <= 1 and probabilities is not null as usable,
    cardinality(probabilities) as actions
  from decision where experiment = $1 and decision.arm = a.arm and kind = 'action' and policy_id is not null
    and fallback is null and at <= $4 and at > $4::timestamptz - interval '7 days'
  order by at desc limit 2000) d
group by d.arm`;

/** The newest rewards of each policy that came from this experiment: outliers, and whose they are. */
export const REWARDS = `
with newest as materialized (
  select d.arm, d.unit_id, r.reward, (p.reward ->> 'min')::float8 as low, (p.reward ->> 'max')::float8 as high
  from unnest($2::text[], $3::text[]) as a (arm, policy)
  join policy p on p.id = a.policy
  cross join lateral (
    select decision_id, decision_at, reward from reward
     where policy_id = a.policy order by settled_at desc limit 2000) r
  -- One decision after the other, by key: their number is bounded, that of the experiment's decisions is not.
  cross join lateral (
    select arm, unit_id from decision
     where decision.id = r.decision_id and decision.at = r.decision_at and experiment = $1 and decision.arm = a.arm
     limit 1) d),
sound as (
  select * from newest where reward > '-Infinity' and reward < 'Infinity' and reward <> 'NaN'),
spread as (
  select arm, avg(reward) as mean, stddev_samp(reward) as sd, min(reward) as least, max(reward) as most,
    count(distinct reward) as different from sound group by arm),
holders as (
  select arm, unit_id, sum(abs(reward)) as held from sound group by arm, unit_id having sum(abs(reward)) > 0)
select n.arm, count(*)::integer as rewards,
  count(*) filter (where n.reward = 'NaN' or n.reward in ('Infinity', '-Infinity') or n.reward < n.low or n.reward > n.high)::integer as odd,
  (select case when s.different > 2 and s.sd > 0 then greatest(s.most - s.mean, s.mean - s.least) / s.sd end
    from spread s where s.arm = n.arm) as "maxZ",
  (select count(*)::integer from holders h where h.arm = n.arm) as units,
  coalesce((select max(h.held) / sum(h.held) from holders h where h.arm = n.arm), 0)::float8 as "topShare"
from newest n group by n.arm`;

/** Age of the newest accepted snapshot beside the usual gap, for policies that have something to learn. */
export const SNAPSHOTS = `
select a.arm, p.title as policy,
  greatest(0, extract(epoch from $3::timestamptz - max(s.created_at)))::float8 as "ageSeconds",
  greatest(60, p.window_seconds + p.grace_seconds, percentile_cont(0.5) within group (order by s.gap))::float8 as "cadenceSeconds"
from unnest($1::text[], $2::text[]) as a (arm, policy)
join policy p on p.id = a.policy and p.learning
cross join lateral (
  select created_at, extract(epoch from created_at - lag(created_at) over (order by version)) as gap
  from (select created_at, version from policy_snapshot
         where policy_id = p.id and status = 'accepted' and created_at <= $3 order by version desc limit 20) last) s
where exists (select from reward r where r.policy_id = p.id and r.version = 0 and r.settled_at < $3::timestamptz - interval '1 minute')
   or exists (select from reward_due d where d.policy_id = p.id and d.due_at < $3::timestamptz - interval '10 minutes')
group by a.arm, p.id having count(s.gap) > 0`;

/** $1 experiment, $2 the report's time: a trend of the last two days. */
export const TREND = `
select trends from experiment_trend where experiment = $1 and computed_at > $2::timestamptz - interval '2 days'`;

/** The newest units of an experiment that was dealt anew, and those of them that it had served before. */
export const DEALT_ANEW = `
with x as (select counted_from_phase as phase from experiment where key = $1 and counted_from_phase > 1),
newest as (
  select u.unit_id, x.phase from experiment_unit u, x where u.experiment = $1 order by u.first_at desc limit 1000)
select phase, count(*)::int as units,
       (count(*) filter (where exists (
         select from decision d where d.unit_id = newest.unit_id and d.experiment = $1 and d.phase < newest.phase)))::int as "seenBefore"
  from newest group by phase`;
