import { EXCLUDABLE_STATES } from '#metrics';
import type { AssignmentState, HealthDetails, UnseenFact } from '#metrics';
import { loadAssignmentRules } from '../persistence/assignment-rules.js';
import type { Sql } from '../persistence/database.js';
import type { HealthQuestion } from './health-facts.js';
import { entriesOf } from './health-groups.js';

/** A late exposure after one in time changes nothing: the unit had entered. `a` is a fault, `u` the experiment's unit. */
export const MATTERS = `(a.kind <> 'late' or u.first_at is null or a.at <= u.first_at)`;

const STATES = `
select a.state, count(distinct a.unit_id)::integer as units
from assignment_fault a join experiment_unit u on u.unit_id = a.unit_id and u.experiment = a.experiment
where a.experiment = $1 and a.at <= $2 and ${MATTERS} group by a.state`;

/**
 * Exposures that are still to come within the hour are not missed; the number of rows that are looked at is bounded. Of
 * units that were dealt anew, what was seen before is no longer known; who gets a shipped arm is no unit of it.
 */
const UNSEEN = `
select d.arm, count(*)::integer as decided, (count(*) filter (where u.unit_id is null))::integer as unseen
from (
  select distinct arm, unit_id from (
    select arm, unit_id, reason from decision where experiment = $1
      and at <= $3::timestamptz - interval '1 hour' and at > $3::timestamptz - interval '7 days'
      and at <= (select coalesce(stopped_at, 'infinity') from experiment where key = $1)
      and coalesce(phase, 0) >= (
        select case when counted_from_phase > 1 then counted_from_phase else 0 end from experiment where key = $1)
    order by at desc limit 3000) newest
  where arm = any($2::text[]) and reason <> 'PAUSED') d
left join experiment_unit u on u.unit_id = d.unit_id and u.experiment = $1
group by d.arm order by d.arm`;

/** Units of the newest decisions that are over an hour old, by arm, and how many of them were never exposed. */
export const unseenUnits = (
  sql: Sql,
  experiment: string,
  arms: readonly string[],
  asOf: Date,
): Promise<UnseenFact[]> => sql.query<UnseenFact & Record<string, unknown>>(UNSEEN, [experiment, arms, asOf]);

/**
 * What the checks on assignment judge; nothing where the units left out are counted for once.
 * @param present whether the newest decisions are of the report's time.
 */
export async function assignmentFact(
  sql: Sql,
  { experiment, population, asOf, arms, everybody: whole = false }: HealthQuestion,
  present: boolean,
): Promise<Pick<HealthDetails, 'assignment'>> {
  if (whole) return {};
  const [rulesOf, states, unseen] = await Promise.all([
    loadAssignmentRules(sql),
    sql.query<{ state: AssignmentState; units: number }>(STATES, [experiment.key, asOf]),
    present ? unseenUnits(sql, experiment.key, arms, asOf) : [],
  ]);
  const { everybody, phases } = population;
  const found = new Map(states.map(({ state, units }) => [state, units]));
  return {
    assignment: {
      rules: rulesOf(experiment.key),
      // Judged also while nobody is in them.
      states: EXCLUDABLE_STATES.map((state) => ({
        state,
        units: state === 'two-arms' ? population.crossover : (found.get(state) ?? 0),
      })),
      everybody: {
        units: arms.map((arm) => everybody.perArm.get(arm) ?? 0),
        entries: entriesOf({ entries: everybody.entries, phases }, arms),
      },
      unseen,
    },
  };
}
