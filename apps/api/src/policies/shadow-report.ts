import { Inject, Injectable } from '@nestjs/common';
import { Problem } from '../http/problem.js';
import { Database } from '../persistence/database.js';
import { SAME_DEFINITION, WHOLE, WITH_LOT, otherRewards } from './comparable-rewards.js';
import type { ShadowQuery } from './policy.schemas.js';

/** Two-sided 95 %. */
const Z = 1.959963984540054;

/** What one shadow (policy and version) would have done and earned, from the log of the policy that served. */
export interface ShadowView {
  readonly policyId: string;
  readonly version: number;
  /** Decisions about which it was asked, and those of them that it did not answer. */
  readonly decisions: number;
  readonly failed: number;
  /** Share of answered decisions in which its choice was what was served. */
  readonly agreement: number | null;
  /** Mean probability that it gives to what was served. */
  readonly meanServedProbability: number | null;
  /** Answered decisions whose reward is settled. */
  readonly rewarded: number;
  /** Mean reward of what was served. */
  readonly servedReward: number | null;
  /** Estimates of what the shadow would have earned: inverse propensity scores, plain and self-normalised. */
  readonly ips: number | null;
  readonly snips: number | null;
  readonly snipsLower: number | null;
  readonly snipsUpper: number | null;
  readonly effectiveSampleSize: number | null;
  readonly largestWeight: number | null;
  /** Should be near 1 where the served policy could have chosen whatever the shadow does. */
  readonly meanWeight: number | null;
  /** Why there is no estimate; null where there is one. */
  readonly reason: string | null;
}

interface ShadowRow {
  readonly policyId: string;
  readonly version: number;
  readonly decisions: number;
  readonly failed: number;
  readonly agreement: number | null;
  readonly served: number | null;
}

interface ValueRow {
  readonly policyId: string;
  readonly version: number;
  readonly n: number;
  readonly units: number;
  readonly reward: number;
  readonly w: number;
  readonly ww: number;
  readonly wr: number;
  readonly most: number;
  readonly error: number | null;
}

const SHADOWS = `
select shadow ->> 'policyId' as "policyId", (shadow ->> 'version')::int as version, count(*)::int as decisions,
  count(*) filter (where shadow ? 'failed')::int as failed, avg(((shadow ->> 'agrees')::boolean)::int)::float8 as agreement,
  avg((shadow ->> 'servedPropensity')::float8) as served
from decision where policy_id = $1 and at >= $2 and shadow is not null group by 1, 2 order by max(at) desc`;

// A decision's reward is the sum over its positions. The variance sums residuals per unit first, because decisions of one
// unit are not independent (linearised, clustered).
const VALUES = `
with r as (
  select decision_id, decision_at, sum(r.reward) as reward from reward r
  where policy_id = $1 and decision_at >= $2 and ${SAME_DEFINITION} group by 1, 2),
d as (
  select d.shadow ->> 'policyId' as policy, (d.shadow ->> 'version')::int as version, d.unit_id, r.reward,
    (d.shadow ->> 'servedPropensity')::float8 / d.propensity as w
  from r join decision d on d.id = r.decision_id and d.at = r.decision_at
  where d.at >= $2 and d.shadow ? 'servedPropensity' and ${WITH_LOT} and ${WHOLE}),
m as (
  select policy, version, count(*) as n, avg(reward) as reward, sum(w) as w, sum(w * w) as ww, sum(w * reward) as wr,
    max(w) as most, sum(w * reward) / nullif(sum(w), 0) as snips
  from d group by 1, 2),
u as (
  select d.policy, d.version, d.unit_id, sum(d.w * (d.reward - m.snips)) as residual
  from d join m using (policy, version) group by 1, 2, 3)
select m.policy as "policyId", m.version, m.n::int as n, count(*)::int as units, m.reward, m.w, m.ww, m.wr, m.most,
  sqrt(sum(u.residual * u.residual)) / nullif(m.w, 0) as error
from m join u using (policy, version) group by m.policy, m.version, m.n, m.reward, m.w, m.ww, m.wr, m.most`;

/** Reads what shadows would have done. */
@Injectable()
export class ShadowReport {
  constructor(@Inject(Database) private readonly db: Database) {}

  /** Newest first. @throws Problem 404. */
  async read(id: string, { days }: ShadowQuery): Promise<{ items: ShadowView[]; otherRewards: number }> {
    const [policy] = await this.db.query('select 1 from policy where id = $1', [id]);
    if (!policy) throw Problem.notFound('The policy', id);
    const since = new Date(Date.now() - days * 86_400_000);
    const range = [id, since];
    const [shadows, values, others] = await Promise.all([
      this.db.query<ShadowRow & Record<string, unknown>>(SHADOWS, range),
      this.db.query<ValueRow & Record<string, unknown>>(VALUES, range),
      otherRewards(this.db, id, since, null),
    ]);
    const valueOf = new Map(values.map((row) => [`${row.policyId}@${row.version}`, row]));
    const items = shadows.map((row) => viewOf(row, valueOf.get(`${row.policyId}@${row.version}`)));
    return { items, otherRewards: others };
  }
}

function viewOf(row: ShadowRow, value: ValueRow | undefined): ShadowView {
  return {
    policyId: row.policyId,
    version: row.version,
    decisions: row.decisions,
    failed: row.failed,
    agreement: row.agreement,
    meanServedProbability: row.served,
    rewarded: value?.n ?? 0,
    servedReward: value?.reward ?? null,
    ...estimates(value),
  };
}

type Estimates = Omit<
  ShadowView,
  | 'policyId'
  | 'version'
  | 'decisions'
  | 'failed'
  | 'agreement'
  | 'meanServedProbability'
  | 'rewarded'
  | 'servedReward'
>;

const NONE = {
  ips: null,
  snips: null,
  snipsLower: null,
  snipsUpper: null,
  effectiveSampleSize: null,
  largestWeight: null,
  meanWeight: null,
};

function estimates(value: ValueRow | undefined): Estimates {
  if (!value) return { ...NONE, reason: 'no settled rewards yet' };
  if (value.w === 0) return { ...NONE, reason: 'the shadow would never have chosen what was served' };
  const snips = value.wr / value.w;
  const half = value.units > 1 && value.error !== null ? Z * value.error : null;
  return {
    ips: value.wr / value.n,
    snips,
    snipsLower: half === null ? null : snips - half,
    snipsUpper: half === null ? null : snips + half,
    effectiveSampleSize: (value.w * value.w) / value.ww,
    largestWeight: value.most,
    meanWeight: value.w / value.n,
    reason: null,
  };
}
