import type { Context, Json } from '#experiments';
import type { ShownTitles } from '#metrics';
import type { Sql } from '../../persistence/database.js';

/** The newest decisions of a period that are looked at. */
const MOST_DECISIONS = 10_000;
/** The newest decisions whose candidates are taken for all that could be shown. */
const CANDIDATES_FROM = 500;

/** A decision as a list of titles, with what its places earned. */
export interface LoggedList {
  readonly member: string;
  readonly at: number;
  /** Ids, the first place first. */
  readonly titles: readonly string[];
  /** Reward by place; a place that is not settled is missing. Null while nothing of the decision is. */
  readonly rewards: Readonly<Record<string, number>> | null;
  /** Attributes of the context with one value each. */
  readonly attributes: Readonly<Record<string, Json>>;
}

const LISTS = `
select unit_id as member, extract(epoch from at)::float8 * 1000 as at,
  case kind when 'slate'
    then (select coalesce(array_agg(e ->> 'id' order by n), '{}') from jsonb_array_elements(chosen) with ordinality x(e, n) where n <= $3)
    else array[chosen #>> '{}'] end as titles,
  (select jsonb_object_agg(position, reward) from reward r where r.decision_id = d.id and r.position < $3) as rewards,
  (select coalesce(jsonb_object_agg(k, v), '{}') from jsonb_each(context || coalesce(audit, '{}')) x(k, v)
    where jsonb_typeof(v) in ('string', 'number', 'boolean')) as attributes
from decision d
where policy_id = $1 and at >= $2 and fallback is null and kind in ('slate', 'action') and chosen <> 'null'
order by at desc, id limit ${MOST_DECISIONS}`;

/** What a policy showed since a time, the newest first; at most 10,000 decisions, and the first `top` places of each. */
export async function readLists(sql: Sql, policyId: string, since: Date, top: number): Promise<LoggedList[]> {
  return sql.query<LoggedList & Record<string, unknown>>(LISTS, [policyId, since, top]);
}

export interface Titles extends ShownTitles {
  readonly ids: readonly string[];
  readonly names: readonly string[];
  readonly place: ReadonlyMap<string, number>;
}

/** Values of a feature, as text: the entries of a list, or the one value there is. */
function valuesOf(features: Context | undefined, name: string): readonly string[] {
  const value = features && Object.hasOwn(features, name) ? features[name] : null;
  if (value === null || value === undefined) return [];
  return Array.isArray(value) ? (value as readonly string[]) : [String(value)];
}

/** All that could be shown: the candidates of the newest decisions and whatever was shown, with what is known of them. */
export async function readTitles(
  sql: Sql,
  policyId: string,
  since: Date,
  lists: readonly LoggedList[],
  feature: string,
): Promise<Titles> {
  const offered = await sql.query<{ id: string }>(
    `select distinct unnest(candidates) as id from (select candidates from decision
       where policy_id = $1 and at >= $2 and fallback is null order by at desc limit ${CANDIDATES_FROM}) newest`,
    [policyId, since],
  );
  const ids = [...new Set([...offered.map(({ id }) => id), ...lists.flatMap(({ titles }) => titles)])].sort();
  const [items, plays, members] = await Promise.all([
    sql.query<{ id: string; title: string; features: Context }>(
      `select id, title, features from item where id = any($1)`,
      [ids],
    ),
    sql.query<{ id: string; n: number }>(
      `select coalesce(item_id, action_id) as id, count(distinct unit_id)::int as n from event
       where kind = 'outcome' and name = 'play' and at >= $1 and coalesce(item_id, action_id) = any($2) group by 1`,
      [since, ids],
    ),
    sql.query<{ n: number }>(
      `select count(distinct unit_id)::int as n from event where kind = 'outcome' and name = 'play' and at >= $1`,
      [since],
    ),
  ]);
  const byId = new Map(items.map((item) => [item.id, item]));
  const known = new Map(plays.map(({ id, n }) => [id, n]));
  return {
    ids,
    names: ids.map((id) => byId.get(id)?.title ?? id),
    place: new Map(ids.map((id, i) => [id, i])),
    values: ids.map((id) => valuesOf(byId.get(id)?.features, feature)),
    known: ids.map((id) => known.get(id) ?? 0),
    members: members[0]?.n ?? 0,
  };
}
