import { Inject, Injectable } from '@nestjs/common';
import { Database } from '../persistence/database.js';
import { actionValuesOf } from './action-values.js';
import type { ActionValuesView } from './action-values.js';
import { firstSeenOf, statusesOf } from './action-status.js';
import type { ActionStatus } from './action-status.js';
import { OF_LOT, SAME_DEFINITION, WITH_LOT, otherRewards } from './comparable-rewards.js';
import { currentProbabilities } from './current-probabilities.js';
import { policyRowOf } from './policy-row.js';
import type { ActionValuesQuery, ActionsQuery, AllocationQuery, SettlementQuery } from './policy.schemas.js';

/** Series that a chart can show; the rest is summed up as OTHERS. */
const MOST_ACTIONS = 30;
const OTHERS = '(others)';
/** Two-sided 95 %. */
const Z = 1.959963984540054;

export interface AllocationPoint {
  readonly at: Date;
  readonly counts: Readonly<Record<string, number>>;
  readonly decisions: number;
  /** Newest version that served in the bucket; 0 or null: nothing learned yet. */
  readonly version: number | null;
}

export interface ActionView {
  readonly id: string;
  readonly title: string;
  readonly decisions: number;
  readonly rewarded: number;
  readonly meanReward: number | null;
  /** Mean reward weighted by 1 / propensity, as if every candidate had been shown equally often. */
  readonly ipwMean: number | null;
  readonly ipwLower: number | null;
  readonly ipwUpper: number | null;
  readonly probabilityNow: number | null;
  /** First decision that served it, as far back as decisions are kept. */
  readonly firstSeen: Date | null;
  /** Of frozen policies `frozen`; `warm-up` while the wrapper of that name gives it its share for some subject. */
  readonly status: ActionStatus;
}

const FIRST_CHOICE = `case kind when 'slate' then chosen -> 0 ->> 'id' else chosen #>> '{}' end`;

const ALLOCATION = `
select date_trunc($3, at, 'UTC') as at, ${FIRST_CHOICE} as action, count(*)::int as decisions,
  max(policy_version) as version
from decision where policy_id = $1 and at >= $2 and fallback is null and kind <> 'value'
  and ($4::text is null or subject = $4)
group by 1, 2 order by 1`;

const DECISIONS = `
select ${FIRST_CHOICE} as id, count(*)::int as decisions from decision
where policy_id = $1 and at >= $2 and fallback is null and kind <> 'value' and ($3::text is null or subject = $3)
group by 1`;

// Self-normalised weights; the variance sums residuals per unit first, because decisions of one unit are not
// independent (linearised, clustered: Hajek's estimator).
const REWARDS = `
with r as (
  select r.action_id, d.unit_id, r.reward, 1 / r.propensity as w
  from reward r join decision d on d.id = r.decision_id and d.at = r.decision_at
  where r.policy_id = $1 and r.decision_at >= $2 and d.at >= $2 and ($3::text is null or r.subject = $3)
    and r.propensity > 0 and ${SAME_DEFINITION} and ${WITH_LOT}),
m as (
  select action_id, count(*) as n, avg(reward) as mean, sum(w * reward) / sum(w) as ipw, sum(w) as w
  from r group by action_id),
u as (
  select r.action_id, r.unit_id, sum(r.w * (r.reward - m.ipw)) as residual
  from r join m using (action_id) group by r.action_id, r.unit_id)
select m.action_id as id, m.n::int as rewarded, m.mean, m.ipw, count(*)::int as units,
  sqrt(sum(u.residual * u.residual)) / m.w as error
from m join u using (action_id) group by m.action_id, m.n, m.mean, m.ipw, m.w`;

// Counting outcomes of the window that arrived when its reward had been written already.
const LATE = `
select count(*)::int as late from reward r join event e on e.decision_id = r.decision_id
where r.policy_id = $1 and r.settled_at >= $2 and r.position = 0 and e.kind = 'outcome' and e.name = any($3)
  and e.received_at > r.settled_at and e.at <= r.decision_at + make_interval(secs => $4)
  and e.at >= $2::timestamptz - make_interval(secs => $4) - interval '1 day'`;

export interface SettlementView {
  /** Rewards written in the last hours, and the mean of those under the present definition. */
  readonly rewards: number;
  readonly meanReward: number | null;
  /** Outcomes of the last hours that came after their decision's reward was written. */
  readonly lateOutcomes: number;
  /** Corrections that wait until everything is learned again, because the policy cannot learn them one by one. */
  readonly waitingCorrections: number;
  /** Since the beginning: rewards that were learned and turned out to be others. */
  readonly corrected: number;
  /** Since the beginning: decisions that nobody saw, and outcomes of slates that name none of its actions. */
  readonly unexposed: number;
  readonly unattributed: number;
}

interface RewardFacts {
  readonly id: string;
  readonly rewarded: number;
  readonly mean: number;
  readonly ipw: number;
  readonly units: number;
  readonly error: number;
}

/** What a policy has been doing, read from the facts. */
@Injectable()
export class PolicyReads {
  constructor(@Inject(Database) private readonly db: Database) {}

  async allocation(
    id: string,
    { hours, bucket, subject }: AllocationQuery,
  ): Promise<{ actions: string[]; points: AllocationPoint[] }> {
    await policyRowOf(this.db, id);
    const rows = await this.db.query<{ at: Date; action: string; decisions: number; version: number | null }>(
      ALLOCATION,
      [id, since(hours), bucket, subject ?? null],
    );
    const totals = new Map<string, number>();
    for (const row of rows) totals.set(row.action, (totals.get(row.action) ?? 0) + row.decisions);
    const ranked = [...totals]
      .sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))
      .map(([action]) => action);
    const shown = new Set(ranked.slice(0, MOST_ACTIONS));
    const points = new Map<
      number,
      { at: Date; counts: Record<string, number>; decisions: number; version: number | null }
    >();
    for (const { at, action, decisions, version } of rows) {
      const point = points.get(at.getTime()) ?? { at, counts: {}, decisions: 0, version: null };
      const series = shown.has(action) ? action : OTHERS;
      point.counts[series] = (point.counts[series] ?? 0) + decisions;
      point.decisions += decisions;
      point.version = version === null ? point.version : Math.max(version, point.version ?? 0);
      points.set(at.getTime(), point);
    }
    return {
      actions: [...shown, ...(ranked.length > MOST_ACTIONS ? [OTHERS] : [])],
      points: [...points.values()],
    };
  }

  async actions(
    id: string,
    { subject, days }: ActionsQuery,
  ): Promise<{ items: ActionView[]; otherRewards: number }> {
    const policy = await policyRowOf(this.db, id);
    const range = [id, since(24 * days), subject ?? null];
    const [decisions, rewards, probabilities, firstSeen] = await Promise.all([
      this.db.query<{ id: string; decisions: number }>(DECISIONS, range),
      this.db.query<RewardFacts & Record<string, unknown>>(REWARDS, range),
      currentProbabilities(this.db, policy, subject ?? null),
      firstSeenOf(this.db, id, subject ?? null),
    ]);
    const rewardOf = new Map(rewards.map((row) => [row.id, row]));
    const countOf = new Map(decisions.map((row) => [row.id, row.decisions]));
    const ids = [...new Set([...countOf.keys(), ...rewardOf.keys(), ...probabilities.keys()])];
    const titles = await this.db.query<{ id: string; title: string }>(
      `select id, title from item where id = any($1)`,
      [ids],
    );
    const titleOf = new Map(titles.map((row) => [row.id, row.title]));
    const statusOf = await statusesOf(this.db, policy, ids, subject ?? null);
    const items = ids.map((action) => ({
      id: action,
      title: titleOf.get(action) ?? action,
      decisions: countOf.get(action) ?? 0,
      ...rewardView(rewardOf.get(action)),
      probabilityNow: probabilities.get(action) ?? null,
      firstSeen: firstSeen.get(action) ?? null,
      status: statusOf.get(action) ?? 'active',
    }));
    const others = await otherRewards(this.db, id, since(24 * days), subject ?? null);
    const sorted = items.sort((a, b) => b.decisions - a.decisions || (a.id < b.id ? -1 : 1));
    return { items: sorted, otherRewards: others };
  }

  async actionValues(id: string, query: ActionValuesQuery, now: Date): Promise<ActionValuesView> {
    await policyRowOf(this.db, id);
    return actionValuesOf(this.db, id, query, now);
  }

  async settlement(id: string, { hours }: SettlementQuery): Promise<SettlementView> {
    const policy = await policyRowOf(this.db, id);
    const from = since(hours);
    const names = policy.reward?.outcomes.map((outcome) => outcome.name) ?? [];
    const [settled, late, counters, waiting] = await Promise.all([
      this.db.query<{ rewards: number; mean: number | null }>(
        `select count(*)::int as rewards, avg(r.reward) filter (where ${SAME_DEFINITION} and ${OF_LOT}) as mean
         from reward r where policy_id = $1 and settled_at >= $2`,
        [id, from],
      ),
      policy.window_seconds === 0
        ? []
        : this.db.query<{ late: number }>(LATE, [id, from, names, policy.window_seconds]),
      this.db.query<{ name: string; value: number }>(
        `select name, value::float8 as value from counter where name = any($1)`,
        [[`learn.unexposed:${id}`, `learn.unattributed:${id}`, `learn.corrected:${id}`]],
      ),
      this.db.query<{ n: number }>(
        `select count(*)::int as n from reward_correction r where policy_id = $1 and version = 0 and ${OF_LOT}`,
        [id],
      ),
    ]);
    const counted = (name: string): number =>
      counters.find((row) => row.name === `learn.${name}:${id}`)?.value ?? 0;
    return {
      rewards: settled[0]?.rewards ?? 0,
      meanReward: settled[0]?.mean ?? null,
      lateOutcomes: late[0]?.late ?? 0,
      waitingCorrections: waiting[0]?.n ?? 0,
      corrected: counted('corrected'),
      unexposed: counted('unexposed'),
      unattributed: counted('unattributed'),
    };
  }
}

const since = (hours: number): Date => new Date(Date.now() - hours * 3_600_000);

type RewardView = Pick<ActionView, 'rewarded' | 'meanReward' | 'ipwMean' | 'ipwLower' | 'ipwUpper'>;

function rewardView(facts: RewardFacts | undefined): RewardView {
  if (!facts) return { rewarded: 0, meanReward: null, ipwMean: null, ipwLower: null, ipwUpper: null };
  // With one unit there is nothing to estimate a variance from.
  const half = facts.units > 1 ? Z * facts.error : null;
  return {
    rewarded: facts.rewarded,
    meanReward: facts.mean,
    ipwMean: facts.ipw,
    ipwLower: half === null ? null : facts.ipw - half,
    ipwUpper: half === null ? null : facts.ipw + half,
  };
}
