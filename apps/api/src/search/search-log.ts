import type { Sql } from '../persistence/database.js';
import type { PolicyRow } from '../policies/policy-row.js';
import type { SearchesQuery } from './search.schemas.js';

/** Queries of fewer members are counted and not shown: what few people typed may say who they are. */
export const LEAST_MEMBERS = 5;
/** The newest searches of a period that are looked at. */
const MOST_SEARCHES = 20_000;
/** Another search within this time, after one without success, is another try. */
const AGAIN_MINUTES = 10;

export interface SearchedQuery {
  /** In small letters, blanks at its ends gone. */
  readonly query: string;
  readonly searches: number;
  readonly members: number;
  readonly withoutResult: number;
  readonly withoutPlay: number;
}

export interface SearchLog {
  readonly from: string;
  /** Outcomes that count as success: those of the policy's reward. */
  readonly outcomes: readonly string[];
  readonly leastMembers: number;
  readonly searches: number;
  readonly withoutResult: number;
  readonly withoutPlay: number;
  /** Searches without success that the same member tried again soon. */
  readonly again: number;
  /** Searches of queries that too few members typed. */
  readonly rare: number;
  readonly queries: readonly SearchedQuery[];
}

const SEARCHES = `
with search as materialized (
  select d.id, d.unit_id, d.at, lower(btrim(d.context ->> 'query')) as query,
    (d.kind = 'slate' and jsonb_typeof(d.chosen) = 'array' and jsonb_array_length(d.chosen) = 0) as is_empty,
    exists (select from event e where e.decision_id = d.id and e.unit_id = d.unit_id and e.kind = 'outcome'
              and e.name = any($3) and e.at >= d.at) as is_played
  from decision d
  where d.policy_id = $1 and d.at >= $2 and d.context ? 'query' and jsonb_typeof(d.context -> 'query') = 'string'
  order by d.at desc, d.id limit ${MOST_SEARCHES}),
told as (
  select *, not is_played and lead(at) over (partition by unit_id order by at, id) <= at + interval '${AGAIN_MINUTES} minutes' as is_again
  from search)`;

const TOTALS = `${SEARCHES}
select count(*)::int as searches, count(*) filter (where is_empty)::int as "withoutResult",
  count(*) filter (where not is_played)::int as "withoutPlay", count(*) filter (where is_again)::int as again
from told`;

const ORDER: Readonly<Record<SearchesQuery['sort'], string>> = {
  'without-result': '"withoutResult" desc, "withoutPlay" desc',
  'without-play': '"withoutPlay" desc',
  searches: 'searches desc',
};

const queriesBy = (sort: SearchesQuery['sort']): string => `${SEARCHES}
select query, count(*)::int as searches, count(distinct unit_id)::int as members,
  count(*) filter (where is_empty)::int as "withoutResult", count(*) filter (where not is_played)::int as "withoutPlay"
from told group by query having count(distinct unit_id) >= ${LEAST_MEMBERS}
order by ${ORDER[sort]}, searches desc, query`;

type Totals = Pick<SearchLog, 'searches' | 'withoutResult' | 'withoutPlay' | 'again'>;

/** What members asked a policy for, and what did not lead to anything. */
export async function searchLogOf(
  sql: Sql,
  row: PolicyRow,
  { days, limit, sort }: SearchesQuery,
): Promise<SearchLog> {
  const from = new Date(Date.now() - days * 86_400_000);
  const outcomes = [...new Set(row.reward?.outcomes.map(({ name }) => name) ?? ['play'])];
  const values = [row.id, from, outcomes];
  const [totals] = await sql.query<Totals & Record<string, unknown>>(TOTALS, values);
  const queries = await sql.query<SearchedQuery & Record<string, unknown>>(queriesBy(sort), values);
  const shown = queries.reduce((sum, { searches }) => sum + searches, 0);
  const none = { searches: 0, withoutResult: 0, withoutPlay: 0, again: 0 };
  return {
    from: from.toISOString(),
    outcomes,
    leastMembers: LEAST_MEMBERS,
    ...(totals ?? none),
    rare: (totals?.searches ?? 0) - shown,
    queries: queries.slice(0, limit),
  };
}
