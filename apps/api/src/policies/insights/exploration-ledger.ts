import type { Sql } from '../../persistence/database.js';
import { OF_LOT, SAME_DEFINITION, otherRewards } from '../comparable-rewards.js';
import { LEAST_REWARDS } from './gain.js';
import type { PolicyRow } from '../policy-row.js';

export interface LedgerDay {
  readonly day: string;
  readonly decisions: number;
  /**
   * Decisions for an action whose estimated reward was below the highest of the candidates with at least 20 rewards. The
   * estimates go by subject and action: a contextual policy that serves another action where that is better explores less.
   */
  readonly explored: number;
  /** Reward that those are estimated to have cost. */
  readonly cost: number;
}

export interface LedgerView {
  readonly days: readonly LedgerDay[];
  readonly decisions: number;
  readonly explored: number;
  readonly cost: number;
  /** What the policy may spend a day, where it wears a budget. */
  readonly budgetPerDay: number | null;
  /** Rewards that price nothing: of another version of the definition, or without a lot where the reward is incremental. */
  readonly otherRewards: number;
}

// Estimated rewards per subject and action, from all of the span: what is known now prices what was explored then. The best
// one is looked for among actions with enough rewards, so that one lucky reward does not make all others exploration.
const LEDGER = `
with value as (
  select coalesce(r.subject, '') as subject, r.action_id, sum(r.reward / r.propensity) / sum(1 / r.propensity) as mean,
    count(*) as rewards
  from reward r where r.policy_id = $1 and r.decision_at >= $2 and r.propensity > 0 and ${SAME_DEFINITION} and ${OF_LOT}
  group by 1, 2),
served as (
  select date_trunc('day', at, 'UTC') as day, coalesce(subject, '') as subject, candidates,
    case kind when 'slate' then chosen -> 0 ->> 'id' else chosen #>> '{}' end as action, count(*) as n
  from decision where policy_id = $1 and at >= $2 and fallback is null and kind <> 'value' group by 1, 2, 3, 4),
priced as (
  select s.day, s.n, v.mean as mean,
    (select max(o.mean) from value o where o.subject = s.subject and o.action_id = any(s.candidates)
       and o.rewards >= ${LEAST_REWARDS}) as best
  from served s left join value v on v.subject = s.subject and v.action_id = s.action)
select to_char(day at time zone 'UTC', 'YYYY-MM-DD') as day, sum(n)::int as decisions,
  coalesce(sum(n) filter (where mean < best), 0)::int as explored,
  coalesce(sum(n * (best - mean)) filter (where mean < best), 0) as cost
from priced group by 1 order by 1`;

/** What exploration costs, in units of the reward, day by day. */
export async function explorationLedgerOf(sql: Sql, row: PolicyRow, since: Date): Promise<LedgerView> {
  const days = await sql.query<LedgerDay & Record<string, unknown>>(LEDGER, [row.id, since]);
  const sum = (of: (day: LedgerDay) => number): number => days.reduce((total, day) => total + of(day), 0);
  return {
    days,
    decisions: sum((day) => day.decisions),
    explored: sum((day) => day.explored),
    cost: sum((day) => day.cost),
    budgetPerDay: budgetOf(row),
    otherRewards: await otherRewards(sql, row.id, since, null),
  };
}

function budgetOf({ params }: PolicyRow): number | null {
  const worn = params['wrappers'];
  if (!Array.isArray(worn)) return null;
  for (const one of worn as { key?: unknown; params?: { perDay?: unknown } }[])
    if (one.key === 'exploration-budget' && typeof one.params?.perDay === 'number') return one.params.perDay;
  return null;
}
