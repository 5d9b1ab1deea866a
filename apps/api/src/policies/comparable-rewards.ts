import type { Sql } from '../persistence/database.js';

// Conditions for queries whose $1 is the policy: rewards on record are of one kind only under one definition.

/** Rewards (alias `r`) of the policy's present definition. */
export const SAME_DEFINITION = `r.definition = (select reward_version from policy where id = $1)`;

const NOT_INCREMENTAL = `not exists (select 1 from policy where id = $1 and reward -> 'incremental' is not null)`;

/**
 * Decisions (alias `d`) that an incremental reward can speak of: a lot was drawn, so what was shown might have been withheld.
 * With any other reward all of them.
 */
export const WITH_LOT = `(d.withheld is not null or ${NOT_INCREMENTAL})`;

/**
 * Decisions (alias `d`) with the rewards of all their places: where the reward is not incremental, a place that was withheld has
 * none. Whether one was is a lot, so what is left is a fair sample.
 */
export const WHOLE = `(d.withheld is not true or not ${NOT_INCREMENTAL})`;

/** As WITH_LOT, for rewards or corrections (alias `r`) whose decision is not joined. */
export const OF_LOT = `(${NOT_INCREMENTAL} or exists (
  select 1 from decision lot where lot.id = r.decision_id and lot.at = r.decision_at and lot.withheld is not null))`;

const OTHERS = `
select count(*)::int as n from reward r where r.policy_id = $1 and r.decision_at >= $2 and r.position = 0
  and ($3::text is null or r.subject = $3) and not (${SAME_DEFINITION} and ${OF_LOT})`;

/** Rewarded decisions that reads leave out: of another version of the definition, or without a lot where the reward is incremental. */
export async function otherRewards(
  sql: Sql,
  policyId: string,
  since: Date,
  subject: string | null,
): Promise<number> {
  const [row] = await sql.query<{ n: number }>(OTHERS, [policyId, since, subject]);
  return row?.n ?? 0;
}
