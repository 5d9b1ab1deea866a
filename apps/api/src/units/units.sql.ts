import { askedMarkSql } from '../persistence/asked-mark.js';

/** $1 is the unit's id everywhere. Each query answers rows `{row: jsonb}`. */
export const EXPORT = {
  decisions: `select to_jsonb(d) - 'txid' as row from decision d where d.unit_id = $1 order by d.at, d.id`,
  events: `select to_jsonb(e) - 'txid' as row from event e where e.unit_id = $1 order by e.at, e.id`,
  experiments: `select to_jsonb(u) as row from experiment_unit u where u.unit_id = $1 order by u.experiment`,
  metrics: `select to_jsonb(m) as row from unit_metric m where m.unit_id = $1 order by m.experiment, m.metric`,
  rewards: `select to_jsonb(r) as row from reward r
            where r.decision_id in (select id from decision where unit_id = $1) order by r.decision_id, r.position`,
  rewardCorrections: `select to_jsonb(c) as row from reward_correction c
            where c.decision_id in (select id from decision where unit_id = $1)
            order by c.decision_id, c.position, c.revision`,
  warmRewards: `select to_jsonb(r) as row from warm_reward r
            where r.decision_id in (select id from decision where unit_id = $1)
            order by r.policy_id, r.decision_id, r.position`,
  withheldOutcomes: `select to_jsonb(w) as row from withheld_outcome w where w.unit_id = $1
            order by w.decision_at, w.decision_id`,
  notPersonalised: `select to_jsonb(n) as row from not_personalised n where n.unit_id = $1`,
  consentWithdrawals: `select to_jsonb(c) as row from consent_withdrawal c where c.unit_id = $1 order by c.feature`,
  identities: `select to_jsonb(a) - 'seq' as row from unit_alias a where a.unit_id = $1 or a.kept = $1 order by a.seq`,
  identitySwitches: `select to_jsonb(s) - 'id' as row from identity_switch s
            where s.unit_id = $1 or s.other_unit_id = $1 order by s.at`,
  keptArms: `select to_jsonb(k) - 'seq' as row from kept_unit k where k.unit_id = $1 order by k.experiment`,
  assignmentFaults: `select to_jsonb(a) as row from assignment_fault a where a.unit_id = $1 order by a.at`,
  pendingExposures: `select to_jsonb(p) as row from exposure_pending p where p.unit_id = $1 order by p.at`,
} as const;

/**
 * In this order: first the lock of unit lists, so that whoever is writing one now has either done so before the id is taken
 * off, or finds the tombstone; it may be held for as long as configuration files are applied, and nobody waits behind it
 * for this. Then the lock of the rollup (rollups/roll-up.ts), which might otherwise write rows that it derived from
 * facts that are about to go, and only then the lock that ingestion holds shared (persistence/fact-store.sql.ts), so
 * that ingestion does not wait for a rollup.
 */
export const ERASE_LOCKS = [
  `select pg_advisory_xact_lock(hashtext('marquee.unit_list'))`,
  `select pg_advisory_xact_lock(hashtext('marquee.rollup'))`,
  `select pg_advisory_xact_lock(hashtext('marquee.erase'))`,
] as const;

const removed = (statement: string): string =>
  `with gone as (${statement} returning 1) select count(*)::int as removed from gone`;

/** In order: what hangs on decisions goes before them. Each statement answers how many rows it removed. */
export const ERASE: Readonly<Record<string, string>> = {
  rewards: removed(`delete from reward where decision_id in (select id from decision where unit_id = $1)`),
  warmRewards: removed(
    `delete from warm_reward where decision_id in (select id from decision where unit_id = $1)`,
  ),
  withheldOutcomes: removed(`delete from withheld_outcome where unit_id = $1`),
  dueRewards: removed(
    `delete from reward_due where decision_id in (select id from decision where unit_id = $1)`,
  ),
  // Of other units' decisions that it asked for, as far as its own events lead to them. Ids begin with their time, which says
  // which day partition to look in.
  askedMarks: removed(
    `update decision d set asked_mark = null from event e
      where e.unit_id = $1 and d.id = e.decision_id and d.asked_mark = ${askedMarkSql('d.id', '$1')}
        and d.at between ulid_at(e.decision_id) - interval '1 hour' and ulid_at(e.decision_id) + interval '1 hour'`,
  ),
  decisions: removed(`delete from decision where unit_id = $1`),
  events: removed(`delete from event where unit_id = $1`),
  pendingExposures: removed(`delete from exposure_pending where unit_id = $1`),
  assignmentFaults: removed(`delete from assignment_fault where unit_id = $1`),
  metrics: removed(
    `delete from unit_values v using experiment_unit u
      where u.unit_id = $1 and v.experiment = u.experiment and v.unit_id = u.unit_id`,
  ),
  experiments: removed(`delete from experiment_unit where unit_id = $1`),
  identities: removed(`delete from unit_alias where unit_id = $1 or kept = $1`),
  identitySwitches: removed(`delete from identity_switch where unit_id = $1 or other_unit_id = $1`),
  // Serving reads a list again when its revision has changed.
  listEntries: `with gone as (
      delete from unit_list_entry
      where entry = $1 or entry = encode(sha256(convert_to($1, 'UTF8')), 'hex') returning list),
    changed as (
      update unit_list set revision = revision + 1, size = size - 1 where key in (select list from gone))
    select count(*)::int as removed from gone`,
  keptArms: removed(`delete from kept_unit where unit_id = $1`),
  notPersonalised: removed(`delete from not_personalised where unit_id = $1`),
  consentWithdrawals: removed(`delete from consent_withdrawal where unit_id = $1`),
  quarantine: removed(
    `delete from quarantine where position('"unitId":' || to_json($1::text)::text in payload) > 0`,
  ),
};
