import { EXCLUDABLE_STATES, exclusionsOf } from '#metrics';
import type { AssignmentRules, ExcludableState } from '#metrics';
import type { Transaction } from '../persistence/database.js';
import { loadAssignmentRules } from '../persistence/assignment-rules.js';
import { OPEN_DAYS_AFTER_STOP } from './maturity.js';

/** Exposures whose decision has not arrived within this time are counted as without decision. */
const WAIT = `interval '10 minutes'`;
/** An exposure of the unit that the decision was made for, to its arm. */
const SOUND = '(claimed = unit_id and not shown_default)';
const SWITCHES = 'identity-switches';

interface RuleRow {
  readonly experiment: string;
  readonly rules: AssignmentRules;
  /** By other rules, or never, when units were left out last. */
  readonly changed: boolean;
}

/** The rules of all experiments; those of one that is over change nothing more. */
export async function assignmentRules(tx: Transaction): Promise<RuleRow[]> {
  const rulesOf = await loadAssignmentRules(tx);
  const rows = await tx.query<{ key: string; open: boolean; applied: string | null }>(
    `select x.key, a.rules as applied,
            x.stopped_at is null or x.stopped_at > now() - make_interval(days => $1) as open
       from experiment x left join assignment_rule_applied a on a.experiment = x.key`,
    [OPEN_DAYS_AFTER_STOP],
  );
  return rows.map(({ key, open, applied }) => {
    const rules = rulesOf(key);
    return { experiment: key, rules, changed: open && applied !== exclusionsOf(rules) };
  });
}

/**
 * Notes what the fresh exposures say of faulty assignment, and takes those out of `fresh_entry` that are no exposures: of
 * another unit's decision, and those that tell that the default was shown.
 * @returns how many exposures are left.
 */
export async function noteExposureFaults(tx: Transaction, rows: readonly RuleRow[]): Promise<number> {
  await tx.query(`create temp table touched_unit (experiment text, unit_id text) on commit drop`);
  await tx.query(`create temp table fresh_fault (like assignment_fault) on commit drop`);
  // One look tells most runs that there is nothing to note.
  const [seen] = await tx.query<{ sound: number; odd: number; lag: number | null }>(
    `select (count(*) filter (where ${SOUND}))::integer as sound, (count(*) filter (where not ${SOUND}))::integer as odd,
            extract(epoch from max(at - decided_at))::float8 as lag from fresh_entry`,
  );
  const { sound = 0, odd = 0, lag = null } = seen ?? {};
  if (lag !== null && rows.some(({ rules }) => lag > rules.lateAfterSeconds)) await noteLate(tx, rows);
  if (odd === 0) return sound;
  await tx.query(
    `insert into fresh_fault
     select experiment, unit_id, 'identity-switch', 'other-unit', event_id, at from fresh_entry where claimed <> unit_id
     union all
     -- Whoever sent it, where the experiment knows them.
     select f.experiment, u.unit_id, 'identity-switch', 'other-unit', f.event_id, f.at
       from fresh_entry f join experiment_unit u on u.experiment = f.experiment and u.unit_id = f.claimed
      where f.claimed <> f.unit_id
     union all
     select experiment, unit_id, 'late-fallback', 'default-shown', event_id, at
       from fresh_entry where shown_default and claimed = unit_id`,
  );
  await tx.query(`delete from fresh_entry where not ${SOUND}`);
  return sound;
}

async function noteLate(tx: Transaction, rows: readonly RuleRow[]): Promise<void> {
  await tx.query(
    `insert into fresh_fault
     select f.experiment, f.unit_id, 'late-fallback', 'late', f.event_id, f.at
       from fresh_entry f join unnest($1::text[], $2::float8[]) r (experiment, seconds) using (experiment)
      where ${SOUND} and f.at > f.decided_at + make_interval(secs => r.seconds)`,
    [rows.map(({ experiment }) => experiment), rows.map(({ rules }) => rules.lateAfterSeconds)],
  );
}

/** Notes what the entered units say: several arms, ids that became one, and exposures whose decision is lost. */
export async function noteUnitFaults(tx: Transaction): Promise<void> {
  await tx.query(
    `insert into fresh_fault
     select c.experiment, c.unit_id, 'two-arms', 'two-arms', 'crossed', max(f.at)
       from crossed_unit c join fresh_entry f using (experiment, unit_id) group by 1, 2`,
  );
  await tx.query(
    `with ended as (
       select e.event_id, e.unit_id, e.at from fresh_exposure e
        where ulid_at(e.decision_id) is null and not e.shown_default
       union all
       select event_id, unit_id, at from exposure_pending
        where seen_at < now() - ${WAIT} and not shown_default)
     insert into fresh_fault
     select u.experiment, u.unit_id, 'exposure-without-decision', 'lost', e.event_id, e.at
       from ended e join experiment_unit u on u.unit_id = e.unit_id
       join experiment x on x.key = u.experiment and (x.stopped_at is null or x.stopped_at > e.at)
      where e.at >= coalesce(x.started_at, e.at)`,
  );
  await noteSwitches(tx);
  await tx.query(
    `insert into touched_unit
     select f.experiment, f.unit_id from fresh_entry f join assignment_fault a using (experiment, unit_id)`,
  );
  await tx.query(
    `with stored as (
       insert into assignment_fault select distinct on (unit_id, experiment, state, ref) * from fresh_fault
       on conflict do nothing returning experiment, unit_id)
     insert into touched_unit select experiment, unit_id from stored`,
  );
  // Its decision has come after all.
  await tx.query(
    `with found as (
       delete from assignment_fault a using fresh_entry f
        where a.state = 'exposure-without-decision' and a.ref = f.event_id returning a.experiment, a.unit_id)
     insert into touched_unit select experiment, unit_id from found`,
  );
}

/** Links are written one after the other, so that their ids are in the order in which they became visible. */
async function noteSwitches(tx: Transaction): Promise<void> {
  const [last] = await tx.query<{ id: string | null }>(`select max(id)::text as id from identity_switch`);
  if (!last?.id) return;
  await tx.query(
    `with pair as (
       select a.experiment, a.unit_id as one, b.unit_id as other, a.arm <> b.arm as across, s.id, s.at
         from identity_switch s
         join experiment_unit a on a.unit_id = s.unit_id
         join experiment_unit b on b.unit_id = s.other_unit_id and b.experiment = a.experiment
        where s.kind = 'moved' and (s.id > coalesce((select through from rollup_state where name = $1), 0)
              or s.unit_id in (select unit_id from fresh_entry) or s.other_unit_id in (select unit_id from fresh_entry)))
     insert into fresh_fault
     select experiment, unit_id, 'identity-switch', case when across then 'two-ids-two-arms' else 'two-ids' end,
            'switch-' || id, at
       from pair cross join lateral (values (one), (other)) as u (unit_id)`,
    [SWITCHES],
  );
  await tx.query(
    `insert into rollup_state (name, through) values ($1, $2)
     on conflict (name) do update set through = excluded.through, updated_at = now()`,
    [SWITCHES, last.id],
  );
}

const hasFault = (state: ExcludableState, and = ''): string =>
  `exists (select from assignment_fault a
            where a.unit_id = u.unit_id and a.experiment = u.experiment and a.state = '${state}'${and})`;

const IN_STATE: Readonly<Record<ExcludableState, string>> = {
  'two-arms': 'u.crossover',
  'identity-switch': hasFault('identity-switch'),
  // A late exposure after one in time changes nothing: the unit had entered.
  'late-fallback': hasFault('late-fallback', ` and (a.kind = 'default-shown' or a.at <= u.first_at)`),
  'exposure-without-decision': hasFault('exposure-without-decision'),
};

/**
 * Works out which units the rules leave out: those that were touched, and all with a fault where the rules changed. What
 * moves is left in `moved_unit`, and its cohorts are dirty.
 */
export async function leaveOut(tx: Transaction, rows: readonly RuleRow[]): Promise<void> {
  const changed = rows.filter((row) => row.changed);
  if (changed.length > 0) await reconsider(tx, changed);
  const lists = EXCLUDABLE_STATES.map((state) =>
    rows.filter(({ rules }) => rules.exclude[state]).map(({ experiment }) => experiment),
  );
  const rule = EXCLUDABLE_STATES.map(
    (state, i) => `when u.experiment = any($${i + 1}::text[]) and ${IN_STATE[state]} then '${state}'`,
  ).join(' ');
  await tx.query(
    `create temp table moved_unit on commit drop as
     select u.experiment, u.unit_id, u.entered_on, v.rule from (select distinct * from touched_unit) t
       join experiment_unit u on u.experiment = t.experiment and u.unit_id = t.unit_id
      cross join lateral (select case ${rule} end as rule offset 0) v
      where v.rule is distinct from u.left_out`,
    lists,
  );
  await tx.query(
    `update experiment_unit u set left_out = m.rule from moved_unit m
      where u.experiment = m.experiment and u.unit_id = m.unit_id`,
  );
  await tx.query(`insert into dirty_cohort select experiment, entered_on from moved_unit`);
}

async function reconsider(tx: Transaction, changed: readonly RuleRow[]): Promise<void> {
  const keys = changed.map(({ experiment }) => experiment);
  await tx.query(
    `insert into touched_unit
     select experiment, unit_id from experiment_unit where experiment = any($1) and (crossover or left_out is not null)
     union select experiment, unit_id from assignment_fault where experiment = any($1)`,
    [keys],
  );
  await tx.query(
    `insert into assignment_rule_applied (experiment, rules)
     select * from unnest($1::text[], $2::text[])
     on conflict (experiment) do update set rules = excluded.rules`,
    [keys, changed.map(({ rules }) => exclusionsOf(rules))],
  );
}
