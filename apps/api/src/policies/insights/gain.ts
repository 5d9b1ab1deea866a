import type { Sql } from '../../persistence/database.js';
import { SAME_DEFINITION, WITH_LOT, otherRewards } from '../comparable-rewards.js';
import type { PolicyRow } from '../policy-row.js';

/** Two-sided 95 %. */
const Z = 1.959963984540054;

export interface GainPoint {
  readonly at: Date;
  readonly rewards: number;
  readonly meanReward: number;
  /** Reward earned so far beyond what uniform choices would have earned, with its interval. */
  readonly gain: number;
  readonly lower: number;
  readonly upper: number;
}

export interface GainView {
  readonly points: readonly GainPoint[];
  readonly rewards: number;
  readonly meanReward: number | null;
  /** Estimated mean reward of uniform choices (self-normalised inverse-propensity weights). */
  readonly uniform: number | null;
  /** The single action that looks best in hindsight, and its estimated mean reward. */
  readonly best: { readonly id: string; readonly mean: number; readonly rewards: number } | null;
  /** Rewards of the days that are left out: of another version of the definition, or without a lot where it is incremental. */
  readonly otherRewards: number;
}

const ROWS = `
select r.decision_at as at, d.unit_id, r.action_id, r.reward,
  1 / (cardinality(d.candidates) * r.propensity) as w, 1 / r.propensity as v
from reward r join decision d on d.id = r.decision_id and d.at = r.decision_at
where r.policy_id = $1 and r.decision_at >= $2 and d.at >= $2 and r.position = 0 and r.propensity > 0
  and cardinality(d.candidates) > 0 and ${SAME_DEFINITION} and ${WITH_LOT} and ($3::text is null or r.subject = $3)`;

/** Fewest rewards from which an action is named the best. */
export const LEAST_REWARDS = 20;

/**
 * Reward against uniform choices, from the policy's own log: with w = (1 / K) / propensity and u the estimated reward of
 * uniform choices, each decision gains (r - u) - w (r - u), which has the right mean for any u. Decisions of one unit are
 * not independent: the variance is enlarged by what clustering by unit does to the sum of all.
 */
export async function gainOf(
  sql: Sql,
  row: PolicyRow,
  range: { readonly since: Date; readonly bucket: 'hour' | 'day'; readonly subject: string | null },
): Promise<GainView> {
  const args = [row.id, range.since, range.subject];
  const [total] = await sql.query<Record<'n' | 'mean' | 'uniform', number | null>>(
    `select count(*)::int as n, avg(reward) as mean, sum(w * reward) / nullif(sum(w), 0) as uniform from (${ROWS}) logged`,
    args,
  );
  const others = await otherRewards(sql, row.id, range.since, range.subject);
  const none = { points: [], rewards: 0, meanReward: null, uniform: null, best: null, otherRewards: others };
  if (!total?.n || total.uniform === null || total.mean === null) return none;
  const { uniform } = total;
  const gain = `(reward - $4::float8) * (1 - w)`;
  const [buckets, [spread], best] = await Promise.all([
    sql.query<{ at: Date; n: number; mean: number; gain: number; squares: number }>(
      `select date_trunc($5, at, 'UTC') as at, count(*)::int as n, avg(reward) as mean, sum(${gain}) as gain,
         sum((${gain}) ^ 2) as squares from (${ROWS}) logged group by 1 order by 1`,
      [...args, uniform, range.bucket],
    ),
    sql.query<{ clustered: number; plain: number }>(
      `select sum(per_unit ^ 2) as clustered, sum(squares) as plain from (
         select sum(${gain}) as per_unit, sum((${gain}) ^ 2) as squares from (${ROWS}) logged group by unit_id) units`,
      [...args, uniform],
    ),
    sql.query<{ id: string; mean: number; rewards: number }>(
      `select action_id as id, sum(v * reward) / sum(v) as mean, count(*)::int as rewards from (${ROWS}) logged
        group by 1 having count(*) >= ${LEAST_REWARDS} order by 2 desc limit 1`,
      args,
    ),
  ]);
  const design = spread && spread.plain > 0 ? Math.max(1, spread.clustered / spread.plain) : 1;
  return {
    points: cumulate(buckets, design),
    rewards: total.n,
    meanReward: total.mean,
    uniform,
    best: best[0] ?? null,
    otherRewards: others,
  };
}

function cumulate(
  buckets: readonly { at: Date; n: number; mean: number; gain: number; squares: number }[],
  design: number,
): GainPoint[] {
  let [gain, squares] = [0, 0];
  return buckets.map((bucket) => {
    gain += bucket.gain;
    squares += bucket.squares;
    const half = Z * Math.sqrt(design * squares);
    return {
      at: bucket.at,
      rewards: bucket.n,
      meanReward: bucket.mean,
      gain,
      lower: gain - half,
      upper: gain + half,
    };
  });
}
