/**
 * How often each item was seen and used. $1 is the first moment that counts. A decision that was seen counts once for
 * each item in its answer and for its subject: who sees a title's artwork sees the title.
 */
export const COVERAGE = `
with seen as (
  select id, kind, chosen, subject from decision
  where at >= $1 and kind <> 'value'
    and (exposed or id in (select decision_id from event where kind = 'exposure' and at >= $1 and decision_id is not null))),
shown as (
  select item, count(*)::int as exposures from (
    select distinct s.id, named.item from seen s, lateral (
      select s.subject as item
      union all select s.chosen #>> '{}' where s.kind = 'action'
      union all select place ->> 'id'
        from jsonb_array_elements(case when s.kind = 'slate' then s.chosen else '[]' end) place) named
    where named.item is not null) one_each
  group by item),
used as (
  select item, count(*)::int as outcomes, count(distinct unit_id)::int as units, max(at) as last_at from (
    select distinct e.id, e.unit_id, e.at, named.item from event e, unnest(array[e.item_id, e.action_id]) as named (item)
    where e.kind = 'outcome' and e.at >= $1 and named.item is not null) one_each
  group by item)
select i.id, i.kind, i.subject, i.title, i.available,
  (select count(*)::int from jsonb_each(i.features) f where f.value <> 'null') as features,
  coalesce(s.exposures, 0) as exposures, coalesce(u.outcomes, 0) as outcomes, coalesce(u.units, 0) as units,
  u.last_at as "lastOutcomeAt"
from item i left join shown s on s.item = i.id left join used u on u.item = i.id
order by i.id`;

/** Which policies showed an item. $1 first moment, $2 the item. */
export const SHOWN_BY = `
select d.policy_id as "policyId", max(p.title) as title, count(*)::int as decisions
from decision d join policy p on p.id = d.policy_id
where d.at >= $1 and d.fallback is null and d.kind <> 'value'
  and (d.subject = $2 or d.chosen = to_jsonb($2::text)
    or (d.kind = 'slate' and d.chosen @> jsonb_build_array(jsonb_build_object('id', $2::text))))
group by d.policy_id order by 3 desc, 1`;
