import type { Sql } from '../../persistence/database.js';
import type { PolicyRow } from '../policy-row.js';

/** The histogram runs over powers of ten from here to 1. */
const LEAST_EXPONENT = -6;
const BINS = 24;

export interface PropensitiesView {
  readonly decisions: number;
  /** Edges of the bins, one more than counts; the first bin also holds what is smaller. */
  readonly edges: readonly number[];
  readonly counts: readonly number[];
  readonly floor: number;
  readonly least: number | null;
  readonly belowFloor: number;
  /** Of the weights that turn this log into one of uniform choices: (sum w)^2 / sum w^2. */
  readonly effectiveSampleSize: number | null;
  readonly largestWeight: number | null;
  /** Mean of those weights; near 1 where the propensities are right. */
  readonly meanWeight: number | null;
}

// What a slate put first stands for it.
const LOGGED = `
select case kind when 'slate' then (chosen -> 0 ->> 'propensity')::float8 else propensity end as p,
  cardinality(candidates) as k
from decision where policy_id = $1 and at >= $2 and fallback is null and kind <> 'value' and cardinality(candidates) > 0`;

interface Sums {
  readonly n: number;
  readonly least: number | null;
  readonly below: number;
  readonly ess: number | null;
  readonly largest: number | null;
  readonly mean: number | null;
}

/** The probabilities with which a policy's choices were made, on a logarithmic scale. */
export async function propensitiesOf(sql: Sql, row: PolicyRow, since: Date): Promise<PropensitiesView> {
  const range = [row.id, since];
  const [bins, sums] = await Promise.all([
    sql.query<{ bin: number; n: number }>(
      `select least(greatest(width_bucket(log(p::numeric)::float8, $3, 0, $4), 1), $4) as bin, count(*)::int as n
         from (${LOGGED}) logged where p > 0 group by 1`,
      [...range, LEAST_EXPONENT, BINS],
    ),
    sql.query<Sums & Record<string, unknown>>(
      `select count(*)::int as n, min(p) as least, count(*) filter (where p < $3 - 1e-9)::int as below,
         sum(1 / (k * p)) ^ 2 / sum(1 / (k * p) ^ 2) as ess, max(1 / (k * p)) as largest, avg(1 / (k * p)) as mean
       from (${LOGGED}) logged where p > 0`,
      [...range, row.floor],
    ),
  ]);
  const counts = new Array<number>(BINS).fill(0);
  for (const { bin, n } of bins) counts[bin - 1] = n;
  const { below, ess, largest, least, mean, n } = sums[0] as Sums;
  return {
    decisions: n,
    edges: Array.from({ length: BINS + 1 }, (_, i) => 10 ** (LEAST_EXPONENT * (1 - i / BINS))),
    counts,
    floor: row.floor,
    least,
    belowFloor: below,
    effectiveSampleSize: ess,
    largestWeight: largest,
    meanWeight: mean,
  };
}
