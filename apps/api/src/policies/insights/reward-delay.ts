import type { Sql } from '../../persistence/database.js';
import type { PolicyRow } from '../policy-row.js';

/** Seconds after the decision at which the curve is read. */
const GRID = [
  1, 5, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 28_800, 86_400, 172_800, 259_200, 604_800,
] as const;
/** Newest outcomes looked at. */
const MOST = 200_000;

export interface RewardDelayView {
  /** First counting outcomes of decisions, of the newest ones at most 200,000. */
  readonly outcomes: number;
  readonly windowSeconds: number;
  /** Decisions whose window is still open. */
  readonly pending: number;
  readonly settled: number;
  readonly points: readonly { readonly seconds: number; readonly share: number }[];
  readonly median: number | null;
  readonly p95: number | null;
  /** Share of first outcomes that came after the window had closed. */
  readonly afterWindow: number | null;
}

interface Delays {
  readonly n: number;
  readonly counts: readonly number[];
  readonly median: number | null;
  readonly p95: number | null;
  readonly late: number;
}

/** How long after a decision its first counting outcome comes: whether the window is long enough. */
export async function rewardDelayOf(sql: Sql, row: PolicyRow, since: Date): Promise<RewardDelayView> {
  const [delays, waiting] = await Promise.all([
    sql.query<Delays & Record<string, unknown>>(
      `with asked as (
         select id, at from decision where policy_id = $1 and at >= $2 and fallback is null order by at desc limit ${MOST}),
       delay as (
         select greatest(0, extract(epoch from min(e.at) - d.at))::float8 as s
           from asked d join event e on e.decision_id = d.id and e.at >= $2::timestamptz - interval '1 day'
          where e.kind = 'outcome' and e.name = any($3) group by d.id, d.at)
       select count(*)::int as n,
         array[${GRID.map((seconds) => `count(*) filter (where s <= ${seconds})`).join(', ')}]::int[] as counts,
         percentile_cont(0.5) within group (order by s) as median, percentile_cont(0.95) within group (order by s) as p95,
         count(*) filter (where s > $4)::int as late from delay`,
      [row.id, since, (row.reward?.outcomes ?? []).map(({ name }) => name), row.window_seconds],
    ),
    sql.query<{ pending: number; settled: number }>(
      `select (select count(*) from reward_due where policy_id = $1)::int as pending,
              (select count(*) from reward where policy_id = $1 and settled_at >= $2)::int as settled`,
      [row.id, since],
    ),
  ]);
  const { counts, late, median, n, p95 } = delays[0] as Delays;
  return {
    outcomes: n,
    windowSeconds: row.window_seconds,
    ...(waiting[0] as { pending: number; settled: number }),
    points: n === 0 ? [] : GRID.map((seconds, i) => ({ seconds, share: (counts[i] as number) / n })),
    median,
    p95,
    afterWindow: n === 0 || row.window_seconds === 0 ? null : late / n,
  };
}
