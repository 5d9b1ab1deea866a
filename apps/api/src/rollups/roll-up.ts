import { Inject, Injectable } from '@nestjs/common';
import { SLOT_PATTERN } from '#experiments';
import type { MetricDefinition } from '#metrics';
import { askedMarkSql } from '../persistence/asked-mark.js';
import { Database } from '../persistence/database.js';
import type { Transaction } from '../persistence/database.js';
import { loadMetricCatalogue } from '../persistence/metric-catalogue.js';
import type { PinnedVersions } from '../persistence/metric-catalogue.js';
import { assignmentRules, leaveOut, noteExposureFaults, noteUnitFaults } from './assignment-faults.js';
import { storeDailyMoments } from './daily-moments.js';
import { recomputeCohorts } from './cohort-moments.js';
import { COUNTS_ANEW, countAnew, countedAnew } from './count-anew.js';
import { attempt } from './failures.js';
import { OPEN_DAYS_AFTER_STOP } from './maturity.js';
import { assignSlots, loadSlots } from './slots.js';
import { recomputeUnits } from './unit-values.js';
import type { Recomputed } from './unit-values.js';

/** Exposures at once from which on the planner's picture of experiment_unit is renewed. */
const MANY = 10_000;
/** The outcome that tells of the client's own default, shown in place of a decision. */
const DEFAULT_SHOWN = 'default_shown';
/** Exposures whose decision has not arrived within this time are given up (and counted). */
const PENDING_HOURS = 24;

export interface RolledUp {
  readonly exposures: number;
  readonly units: number;
  readonly experiments: readonly string[];
  /** Those that could not be computed; the next run computes all of their units. */
  readonly failed: readonly string[];
  /** False when another process is at it. */
  readonly ran: boolean;
}

/**
 * Brings the rollups up to the facts: who entered which experiment, one row per unit and metric, moments per
 * entry cohort. Only what changed since the last run is read. Exactly once: facts are taken by transaction id up
 * to the oldest transaction still open, and the watermark moves in the same transaction as the results. Every
 * step recomputes from facts instead of adding deltas, so running it twice changes nothing.
 */
@Injectable()
export class RollUp {
  constructor(@Inject(Database) private readonly db: Database) {}

  /** @param now the day whose cumulative moments are written; tests and imports pass a simulated clock. */
  async run(now: Date): Promise<RolledUp> {
    return this.db.transaction(async (tx) => {
      const [lock] = await tx.query<{ got: boolean }>(
        `select pg_try_advisory_xact_lock(hashtext('marquee.rollup')) as got`,
      );
      if (!lock?.got) return { exposures: 0, units: 0, experiments: [], failed: [], ran: false };
      const range = await nextRange(tx);
      await tx.query(`set local work_mem = '128MB'`);
      const rules = await assignmentRules(tx);
      await takeExposures(tx, range);
      const anew = await countAnew(tx);
      const exposures = await noteExposureFaults(tx, rules);
      await enter(tx);
      await noteUnitFaults(tx);
      await leaveOut(tx, rules);
      // A plan for the few units that were there before would look each new one up in every day partition.
      if (exposures > MANY) await tx.query('analyze experiment_unit');
      const dirty = await markDirty(tx, range);
      const done: string[] = [];
      const failed: string[] = [];
      for (const recomputed of dirty.experiments) {
        const { experiment, metrics } = recomputed;
        const ok = await attempt(tx, experiment, async () => {
          await recomputeUnits(tx, recomputed);
          await recomputeCohorts(tx, recomputed);
          await storeDailyMoments(tx, experiment, metrics, now);
        });
        (ok ? done : failed).push(experiment);
      }
      await countedAnew(tx, anew);
      await finish(tx, range);
      return { exposures, units: dirty.units, experiments: done, failed, ran: true };
    });
  }
}

interface Range {
  readonly from: string;
  readonly to: string;
}

/** Transaction ids [from, to) that are all decided and not yet rolled up. */
async function nextRange(tx: Transaction): Promise<Range> {
  const [row] = await tx.query<Range>(
    `select coalesce((select through from rollup_state where name = 'facts'), 0)::text as from,
            pg_snapshot_xmin(pg_current_snapshot())::text as to`,
  );
  return row as Range;
}

/**
 * The new exposures with their decisions. An exposure names its decision; if that has not been stored yet (the two
 * travel separately) it waits in exposure_pending. What it counts for (experiment, arm, phase) is what the decision says.
 */
async function takeExposures(tx: Transaction, { from, to }: Range): Promise<void> {
  await tx.query(
    `create temp table fresh_exposure on commit drop as
     select id as event_id, decision_id, unit_id, at, kind = 'outcome' as shown_default from event
      where txid >= $1 and txid < $2 and (kind = 'exposure' or name = '${DEFAULT_SHOWN}') and decision_id is not null
     union all
     select event_id, decision_id, unit_id, at, shown_default from exposure_pending`,
    [from, to],
  );
  await tx.query(`analyze fresh_exposure`);
  // Ids of decisions begin with their time: the oldest and the newest say which day partitions can matter.
  const [decided] = await tx.query<{ first: string; last: string }>(
    `select coalesce(ulid_at(min(decision_id)), '-infinity')::text as first,
            coalesce(ulid_at(max(decision_id)), 'infinity')::text as last
       from fresh_exposure where length(decision_id) = 26`,
  );
  await tx.query(
    `create temp table fresh_entry on commit drop as
     select d.experiment, d.unit_id, d.arm, d.phase, f.at, d.context, f.event_id, d.reason, d.at as decided_at,
            case when d.asked_mark = ${askedMarkSql('d.id', 'f.unit_id')} then d.unit_id else f.unit_id end as claimed,
            f.shown_default
       from fresh_exposure f join decision d on d.id = f.decision_id and d.at between $3::timestamptz and $4::timestamptz
     union all
     select experiment, unit_id, arm, phase, at, context, null, reason, at, unit_id, false from decision
      where txid >= $1 and txid < $2 and exposed`,
    [from, to, decided?.first, decided?.last],
  );
  await keepPending(tx);
  // The arm that all units get during a pause, or once it is shipped, is no assignment of theirs.
  await tx.query(
    `delete from fresh_entry where experiment is null or arm is null or reason in ('PAUSED', 'SHIPPED')`,
  );
  await tx.query(WASHED_OUT);
}

/**
 * The first minutes of a switchback's slots, in which the slot before wears off: a unit `<id>@<start of the slot>` enters
 * with what it sees after them, and its metrics count from there.
 */
const WASHED_OUT = `
delete from fresh_entry f using experiment x
 where x.key = f.experiment and (x.switchback ->> 'washOutMinutes')::integer > 0
   and f.at < substring(f.unit_id from '${SLOT_PATTERN}')::timestamptz + make_interval(mins => (x.switchback ->> 'washOutMinutes')::integer)`;

/** Exposures whose decision is not there yet wait; those that waited too long are counted and given up. */
async function keepPending(tx: Transaction): Promise<void> {
  await tx.query(
    `insert into exposure_pending (event_id, decision_id, unit_id, at, shown_default)
     select event_id, decision_id, unit_id, at, shown_default from (
       select f.* from fresh_exposure f
        where not exists (select from fresh_entry found where found.event_id = f.event_id)
       -- Before the dear look at the id, which few rows then need.
       offset 0) missing
      where ulid_at(decision_id) is not null
     on conflict (event_id) do nothing`,
  );
  await tx.query(`delete from exposure_pending p using fresh_entry f where f.event_id = p.event_id`);
  await tx.query(
    `with lost as (delete from exposure_pending where seen_at < now() - make_interval(hours => $1) returning 1)
     insert into counter (name, value) select 'rollup.exposures_without_decision', count(*) from lost having count(*) > 0
     on conflict (name) do update set value = counter.value + excluded.value`,
    [PENDING_HOURS],
  );
}

/** Most contexts of short texts alone are attributes as they stand, which is quickly seen. */
const ATTRIBUTES = `case when length(context::text) <= 66 and not context @? '$.* ? (@.type() != "string" && @.type() != "boolean")'
            then context
            else coalesce((select jsonb_object_agg(key, value) from (
               select key, value from jsonb_each(context)
                where jsonb_typeof(value) in ('string', 'boolean') and length(value::text) <= 66
                order by key = any(array(select context_field from unit_type)) desc nulls last, key limit 12) short), '{}') end`;

/** What a unit that is in already keeps. Left out for new experiments: looking costs half as much again as the insert. */
const MEET_AGAIN = `on conflict (experiment, unit_id) do update set
       crossover = experiment_unit.crossover or excluded.crossover or experiment_unit.arm <> excluded.arm,
       arm = case when excluded.first_at < experiment_unit.first_at then excluded.arm else experiment_unit.arm end,
       phase = case when excluded.first_at < experiment_unit.first_at then excluded.phase else experiment_unit.phase end,
       attributes = case when excluded.first_at < experiment_unit.first_at then excluded.attributes else experiment_unit.attributes end,
       first_at = least(experiment_unit.first_at, excluded.first_at),
       entered_on = least(experiment_unit.entered_on, excluded.entered_on)`;

/**
 * Enters units into their experiments at their first exposure; a unit seen in two arms is marked. Attributes are the
 * short scalars of that first context, for segments.
 */
async function enter(tx: Transaction): Promise<void> {
  // Cohorts that a unit leaves because an earlier exposure arrived late must be recomputed as well.
  await tx.query(`create temp table dirty_cohort (experiment text, entered_on date) on commit drop`);
  await tx.query(
    `insert into dirty_cohort
     select distinct u.experiment, u.entered_on from experiment_unit u join fresh_entry f using (experiment, unit_id)`,
  );
  const [entered] = await tx.query<{ some: boolean }>(
    `select exists (select from experiment_unit where experiment in (select distinct experiment from fresh_entry)) as some`,
  );
  await tx.query(`create temp table crossed_unit (experiment text, unit_id text) on commit drop`);
  await tx.query(
    `with entered as (
     insert into experiment_unit (experiment, unit_id, arm, first_at, entered_on, phase, crossover, attributes)
     select experiment, unit_id, arm, at, (at at time zone 'UTC')::date, phase, crossover, ${ATTRIBUTES}
       from (
         select distinct on (experiment, unit_id) experiment, unit_id, arm, at, phase, context,
                min(arm) over w <> max(arm) over w as crossover
           from fresh_entry
         window w as (partition by experiment, unit_id)
          order by experiment, unit_id, at
         -- Attributes are dear, and only those of the first exposure are kept.
         offset 0) first
      ${entered?.some ? MEET_AGAIN : ''} returning experiment, unit_id, crossover)
     insert into crossed_unit select experiment, unit_id from entered where crossover`,
  );
}

interface Dirty {
  readonly units: number;
  readonly experiments: readonly Recomputed[];
}

/** Experiments `x` whose units may still change. */
const OPEN = `(x.stopped_at is null or x.stopped_at > now() - make_interval(days => $1))`;
/** Above this share of an experiment's units, computing all of them is faster than picking. */
const ALL_SHARE = 0.3;

/**
 * Units of open experiments that have new events or a new exposure; all units of an experiment whose metrics or end
 * changed, or that could not be computed last time.
 */
async function markDirty(tx: Transaction, { from, to }: Range): Promise<Dirty> {
  await tx.query(`create temp table dirty_unit (experiment text, unit_id text) on commit drop`);
  await tx.query(
    `insert into dirty_unit
     select u.experiment, u.unit_id from experiment_unit u
       join experiment x on x.key = u.experiment
      where ${OPEN}
        and ${from === '0' ? 'true' : CHANGED_UNITS}`,
    from === '0' ? [OPEN_DAYS_AFTER_STOP] : [OPEN_DAYS_AFTER_STOP, from, to],
  );
  // From the beginning on all units are dirty, and nobody looks for single ones.
  if (from !== '0') await tx.query(`create index on dirty_unit (experiment, unit_id)`);
  await tx.query(`analyze dirty_unit`);
  const rows = await tx.query<{
    experiment: string;
    n: number;
    enrolled: number;
    metrics: string[];
    pinned: PinnedVersions;
    stoppedAt: Date | null;
    failed: boolean;
    turns: boolean;
  }>(
    `select x.key as experiment, coalesce(d.n, 0) as n, x.metric_versions as pinned, x.stopped_at as "stoppedAt",
            exists (select from rollup_failure f where f.experiment = x.key) or ${COUNTS_ANEW} as failed, coalesce(jsonb_typeof(x.switchback) = 'object', false) as turns,
            case when d.n > 0 then (select count(*) from experiment_unit u where u.experiment = x.key) else 0 end::integer as enrolled,
            array_remove(array_append(x.secondary_metrics || x.guardrail_metrics, x.decision_metric), null) as metrics
       from experiment x
       left join (select experiment, count(*)::integer as n from dirty_unit group by experiment) d on d.experiment = x.key
      where ${OPEN} and exists (select from experiment_unit u where u.experiment = x.key) order by x.key`,
    [OPEN_DAYS_AFTER_STOP],
  );
  const experiments: Recomputed[] = [];
  const catalogue = await loadMetricCatalogue(tx);
  const known = await loadSlots(tx);
  for (const { experiment, n, enrolled, metrics: keys, pinned, stoppedAt, failed, turns } of rows) {
    const defined = catalogue.definitionsOf(keys, pinned);
    const measured = { experiment, metrics: defined.map(asMeasured(turns)), stoppedAt };
    const { slots, changed } = await assignSlots(tx, measured, known.get(experiment) ?? []);
    const anew = changed || failed;
    if (n === 0 && !anew) continue;
    const all = anew || n > ALL_SHARE * enrolled;
    await tx.query(
      `insert into dirty_cohort select distinct u.experiment, u.entered_on
         from experiment_unit u ${all ? '' : 'join dirty_unit using (experiment, unit_id)'} where u.experiment = $1
       ${all ? EMPTIED_COHORTS : ''}`,
      [experiment],
    );
    experiments.push({ ...measured, slots, all });
  }
  return { units: rows.reduce((sum, row) => sum + row.n, 0), experiments };
}

/**
 * A slot of a switchback has no time before it: what its unit did before it counts is the slot's own beginning, which the
 * arm has touched already, and no covariate.
 */
const asMeasured =
  (turns: boolean) =>
  (metric: MetricDefinition): MetricDefinition => {
    const { covariateDays: _days, ...own } = metric;
    return turns ? own : metric;
  };

/** Cohorts that lost their last unit in a run that failed. */
const EMPTIED_COHORTS = `union select experiment, entered_on from moments_cohort where experiment = $1`;

const CHANGED_UNITS = `u.unit_id in (
          select unit_id from event where txid >= $2 and txid < $3
          -- A decision may arrive after the events that name it, and makes them count.
          union select unit_id from decision where txid >= $2 and txid < $3 and experiment is not null
          union select unit_id from fresh_entry
          -- Left out from now on, or no longer.
          union select unit_id from moved_unit)`;

async function finish(tx: Transaction, { to }: Range): Promise<void> {
  await tx.query(
    `insert into rollup_state (name, through) values ('facts', $1)
     on conflict (name) do update set through = excluded.through, updated_at = now()`,
    [to],
  );
}
