import type { Database } from '../persistence/database.js';

/**
 * Removes the simulated past that an interrupted load left behind: facts from before `startedAt`, what was learned
 * from them, and all rollups (the next run rebuilds those from the facts that stay).
 */
export async function clearHistory(
  db: Database,
  startedAt: Date,
  policyIds: readonly string[],
): Promise<void> {
  await db.transaction(async (tx) => {
    await tx.query(`select pg_advisory_xact_lock(hashtext('marquee.rollup'))`);
    await tx.query(
      `delete from event_seen s using event e where s.id_hash = md5(e.id)::uuid and e.received_at < $1`,
      [startedAt],
    );
    await tx.query(`delete from event where received_at < $1`, [startedAt]);
    await tx.query(`delete from decision where at < $1`, [startedAt]);
    await tx.query(`delete from reward_due where decision_at < $1`, [startedAt]);
    await tx.query(`delete from reward where policy_id = any($1)`, [policyIds]);
    await tx.query(`delete from warm_start where policy_id = any($1)`, [policyIds]);
    await tx.query(`delete from withheld_outcome where policy_id = any($1)`, [policyIds]);
    await tx.query(`delete from withheld_sum where policy_id = any($1)`, [policyIds]);
    await tx.query(
      `update policy set serving_version = null, latest_version = 0, last_learned_at = null where id = any($1)`,
      [policyIds],
    );
    await tx.query(`delete from policy_snapshot where policy_id = any($1)`, [policyIds]);
    await tx.query(`delete from training_run where policy_id = any($1)`, [policyIds]);
    await tx.query(
      `truncate experiment_unit, unit_values, metric_slot, moments_cohort, moments_daily, exposure_pending, rollup_state, rollup_failure, experiment_trend, kept_unit, traffic_sample,
         assignment_fault, assignment_rule_applied`,
    );
  });
}
