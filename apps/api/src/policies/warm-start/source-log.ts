import type { Sql } from '../../persistence/database.js';
import { contextSql, readRules } from '../../persistence/feature-rules.js';
import type { FeatureRules } from '../../persistence/feature-rules.js';
import type { DecisionRow } from '../settle-rewards.js';
import type { HeldOut, WarmSource } from './warm-start-row.js';

/** A decision of the log of another. */
export interface SourceDecision extends DecisionRow {
  /** Null: an arm with a fixed value decided. */
  readonly policy_id: string | null;
  readonly arm_propensity: number;
}

/** Which decisions of a log may be learned from. */
export interface SourceRange {
  readonly source: WarmSource;
  readonly from: Date;
  /** Exclusive. */
  readonly to: Date;
  readonly subject: string | null;
  readonly surface: string | null;
  /** Units that are left out: a share of them by a hash of their id and the policy that learns. */
  readonly without: { readonly salt: string; readonly share: number } | null;
}

const columns = (rules: FeatureRules): string => `
d.id, d.at, d.unit_id, d.kind, d.chosen, d.subject, d.propensity, d.exposed, d.fallback, d.features, d.slice, ${contextSql(rules, 'd')} as context,
d.withheld, d.withhold_propensity, d.policy_id, d.arm_propensity`;

/**
 * The analysis slice stays out: it is there so that policies are judged on what none of them has learned. Fallbacks, and what
 * a paused experiment serves (no arm), were chosen by nobody.
 */
const from = ({ source }: SourceRange): string => `
from decision d
where d.at >= $1 and d.at < $2 and d.kind in ('action', 'slate') and d.fallback is null
  and d.slice is distinct from 'analysis' and ($3::text is null or d.subject = $3) and ($4::text is null or d.surface = $4)
  and ($5::float8 is null or ('x' || substr(md5($6 || '/' || d.unit_id), 1, 8))::bit(32)::bigint / 4294967296.0 >= $5)
  and ${source.kind === 'policy' ? 'd.policy_id = $7 and $8::text[] is null' : 'd.experiment = $7 and d.arm is not null and ($8::text[] is null or d.arm = any($8))'}`;

const valuesOf = ({ source, from: start, to, subject, surface, without }: SourceRange): unknown[] => [
  start,
  to,
  subject,
  surface,
  without?.share ?? null,
  without?.salt ?? '',
  source.kind === 'policy' ? source.policyId : source.experiment,
  source.kind === 'policy' ? null : source.arms,
];

export async function countSource(sql: Sql, range: SourceRange): Promise<number> {
  const [row] = await sql.query<{ n: number }>(`select count(*)::int as n ${from(range)}`, valuesOf(range));
  return row?.n ?? 0;
}

/** Surfaces whose decisions are in the log, the most frequent first. */
export async function surfacesOf(sql: Sql, range: SourceRange): Promise<string[]> {
  const rows = await sql.query<{ surface: string }>(
    `select d.surface ${from(range)} group by d.surface order by count(*) desc, d.surface limit 20`,
    valuesOf(range),
  );
  return rows.map(({ surface }) => surface);
}

/** Time of the decision that so many others are newer than; undefined where there are not so many. */
export async function timeBefore(sql: Sql, range: SourceRange, newer: number): Promise<Date | undefined> {
  const [row] = await sql.query<{ at: Date }>(
    `select d.at ${from(range)} order by d.at desc offset $9 limit 1`,
    [...valuesOf(range), newer],
  );
  return row?.at;
}

/** The newest decisions, in the order of time. */
export async function newestOf(sql: Sql, range: SourceRange, limit: number): Promise<SourceDecision[]> {
  const rows = await sql.query<SourceDecision & Record<string, unknown>>(
    `select ${columns(await readRules(sql))} ${from(range)} order by d.at desc, d.id collate "C" desc limit $9`,
    [...valuesOf(range), limit],
  );
  return rows.reverse();
}

/** The next decisions after a place in the log, in the order of time. */
export async function nextOf(
  sql: Sql,
  range: SourceRange,
  after: { readonly at: Date; readonly id: string } | null,
  limit: number,
): Promise<SourceDecision[]> {
  return sql.query<SourceDecision & Record<string, unknown>>(
    `select ${columns(await readRules(sql))} ${from(range)}
       and ($9::timestamptz is null or d.at > $9 or (d.at = $9 and d.id collate "C" > $10))
     order by d.at, d.id collate "C" limit $11`,
    [...valuesOf({ ...range, from: after?.at ?? range.from }), after?.at ?? null, after?.id ?? '', limit],
  );
}

/** The units that a warm start leaves out; null where it leaves out none, or splits by time. */
export const unitsWithout = (policyId: string, heldOut: HeldOut | null): SourceRange['without'] =>
  heldOut?.by === 'unit' ? { salt: policyId, share: heldOut.share } : null;
