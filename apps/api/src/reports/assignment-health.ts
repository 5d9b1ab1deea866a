import { Inject, Injectable } from '@nestjs/common';
import { ASSIGNMENT_STATES, ASSIGNMENT_STATE_TEXTS } from '#metrics';
import type { AssignmentState, HealthResult } from '#metrics';
import { Database } from '../persistence/database.js';
import { MATTERS, unseenUnits } from './assignment-facts.js';
import { AssignmentRulesService } from './assignment-rules.service.js';
import { LiftReports } from './lift-reports.js';
import type { LiftReport } from './lift-reports.js';

const TREND_DAYS = 28;

interface FaultRow extends Record<string, unknown> {
  readonly state: AssignmentState;
  readonly kind: string | null;
  readonly arm: string | null;
  readonly times: number;
  /** Distinct units that the experiment has. */
  readonly enrolled: number;
  /** Distinct units that it does not have: never exposed in it. */
  readonly others: number;
  readonly lastAt: Date;
}

/** By state, and by state and kind, and by state and arm: the last of units that the experiment has. */
const FAULTS = `
select a.state, a.kind, u.arm, count(*)::integer as times,
       (count(distinct a.unit_id) filter (where u.unit_id is not null))::integer as enrolled,
       (count(distinct a.unit_id) filter (where u.unit_id is null))::integer as others,
       max(a.at) as "lastAt"
  from assignment_fault a
  left join experiment_unit u on u.unit_id = a.unit_id and u.experiment = a.experiment
 where a.experiment = $1 and ${MATTERS}
 group by grouping sets ((a.state), (a.state, a.kind), (a.state, u.arm))
 order by a.state, a.kind nulls first, u.arm nulls first`;

const TREND = `
select a.state, (a.at at time zone 'UTC')::date::text as day, count(distinct a.unit_id)::integer as units
  from assignment_fault a
  left join experiment_unit u on u.unit_id = a.unit_id and u.experiment = a.experiment
 where a.experiment = $1 and ${MATTERS} and a.at > $2::timestamptz - make_interval(days => $3) and a.at <= $2
 group by 1, 2 order by 2, 1`;

const ENTERED = `
select entered_on::text as day, count(*)::integer as units from experiment_unit
 where experiment = $1 and entered_on > ($2::timestamptz at time zone 'UTC')::date - $3::integer group by 1 order by 1`;

interface Compared {
  readonly metric: string;
  readonly title: string;
  readonly role: string;
  readonly arm: string;
  /** As the report has it. */
  readonly without: Side;
  /** With the units that the rules leave out, in the arm that each saw first. */
  readonly with: Side;
}

interface Side {
  readonly units: number;
  readonly estimate: number | null;
  readonly lower: number | null;
  readonly upper: number | null;
  readonly reason: string | null;
}

/** Units of an experiment whose assignment went wrong, and what leaving them out does to its report. */
@Injectable()
export class AssignmentHealth {
  constructor(
    @Inject(Database) private readonly db: Database,
    @Inject(LiftReports) private readonly reports: LiftReports,
    @Inject(AssignmentRulesService) private readonly rules: AssignmentRulesService,
  ) {}

  /** @throws Problem 404. */
  async of(key: string, now: Date) {
    const [ordinary, everybody] = await Promise.all([
      this.reports.report(key, {}, now),
      this.reports.report(key, { exclusions: 'off' }, now),
    ]);
    const arms = Object.keys(ordinary.units.perArm);
    const [rules, faults, days, entered, unseen] = await Promise.all([
      this.rules.ofExperiment(key),
      this.db.query<FaultRow>(FAULTS, [key]),
      this.db.query<{ state: AssignmentState; day: string; units: number }>(TREND, [key, now, TREND_DAYS]),
      this.db.query<{ day: string; units: number }>(ENTERED, [key, now, TREND_DAYS]),
      unseenUnits(this.db, key, arms, now),
    ]);
    const units = everybody.units.enrolled;
    const leftOut: Partial<Record<AssignmentState, number>> = ordinary.units.leftOut;
    return {
      asOf: ordinary.asOf,
      ...rules,
      units,
      counted: ordinary.units.enrolled,
      states: ASSIGNMENT_STATES.map((state) => {
        const found =
          state === 'decision-without-exposure' ? unseenState(unseen) : faultState(state, faults, units);
        const excluded = state === 'decision-without-exposure' ? null : rules.rules.exclude[state];
        const threshold = rules.rules.thresholds[state];
        return {
          state,
          ...ASSIGNMENT_STATE_TEXTS[state],
          ...found,
          /** Null: no rule can bring these units in. */
          excluded,
          leftOut: excluded === null ? 0 : (leftOut[state] ?? 0),
          threshold,
          days: days.filter((row) => row.state === state).map(({ day, units: n }) => ({ day, units: n })),
        };
      }),
      entered,
      comparison: comparisonOf(ordinary, everybody),
      ratio: { without: splitOf(ordinary), with: splitOf(everybody) },
      leftOutCheck: checkOf(ordinary, 'left-out'),
    };
  }
}

/** What was noted of one state. @param units that the experiment has. */
function faultState(state: AssignmentState, rows: readonly FaultRow[], units: number) {
  const own = rows.filter((row) => row.state === state);
  const whole = own.find(({ kind, arm }) => kind === null && arm === null);
  const all = own.reduce<FaultRow | undefined>(
    (most, row) => (most === undefined || row.times > most.times ? row : most),
    whole,
  );
  return {
    times: all?.times ?? 0,
    affected: all?.enrolled ?? 0,
    others: all?.others ?? 0,
    share: units > 0 ? (all?.enrolled ?? 0) / units : 0,
    lastAt: all?.lastAt.toISOString() ?? null,
    kinds: own.flatMap(({ kind, times, enrolled }) =>
      kind === null ? [] : [{ kind, times, units: enrolled }],
    ),
    arms: own.flatMap(({ kind, arm, enrolled }) =>
      kind !== null || arm === null ? [] : [{ arm, units: enrolled, of: null }],
    ),
  };
}

function unseenState(unseen: Awaited<ReturnType<typeof unseenUnits>>) {
  const affected = unseen.reduce((sum, arm) => sum + arm.unseen, 0);
  const decided = unseen.reduce((sum, arm) => sum + arm.decided, 0);
  return {
    times: affected,
    affected,
    others: 0,
    share: decided > 0 ? affected / decided : 0,
    lastAt: null,
    kinds: [],
    arms: unseen.map(({ arm, unseen: units, decided: of }) => ({ arm, units, of })),
  };
}

function comparisonOf(ordinary: LiftReport, everybody: LiftReport): Compared[] {
  return ordinary.results.flatMap((result) => {
    const other = everybody.results.find(({ metric, arm }) => metric === result.metric && arm === result.arm);
    if (!other) return [];
    const { metric, title, role, arm } = result;
    return [{ metric, title, role, arm, without: sideOf(result), with: sideOf(other) }];
  });
}

function sideOf({ effect }: LiftReport['results'][number]): Side {
  const { relative } = effect;
  return {
    units: effect.control.n + effect.treatment.n,
    estimate: relative.estimate,
    lower: relative.interval?.lower ?? null,
    upper: relative.interval?.upper ?? null,
    reason: relative.reason,
  };
}

const checkOf = ({ health }: LiftReport, key: string) => {
  const found = health.find((check) => check.key === key);
  return found ? pickCheck(found) : null;
};
const pickCheck = ({ status, value, explanation }: HealthResult) => ({ status, value, explanation });

const splitOf = (report: LiftReport) => ({
  perArm: report.units.perArm,
  check: checkOf(report, 'sample-ratio'),
});
